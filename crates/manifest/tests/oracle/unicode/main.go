package main

import (
	"fmt"
	"strconv"
	"unicode"
)

func table(name, doc string, in func(rune) bool) {
	fmt.Printf("\n/// %s\n#[rustfmt::skip]\npub(super) const %s: &[(u32, u32)] = &[\n", doc, name)
	line := "   "
	start := rune(-1)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		ok := r <= unicode.MaxRune && in(r)
		if ok && start < 0 {
			start = r
		}
		if !ok && start >= 0 {
			item := fmt.Sprintf(" (0x%x, 0x%x),", start, r-1)
			if len(line)+len(item) > 100 {
				fmt.Println(line)
				line = "   "
			}
			line += item
			start = -1
		}
	}
	fmt.Println(line)
	fmt.Println("];")
}

func main() {
	fmt.Println("//! Which characters Go counts as printable, as letters, as digits: its Unicode " + unicode.Version + " tables\n//! as ranges, first and last. Made by `tests/oracle/unicode/main.go`; not written by hand.")
	table("PRINT", "`strconv.IsPrint`.", strconv.IsPrint)
	table("LETTER", "`unicode.IsLetter`.", unicode.IsLetter)
	table("DIGIT", "`unicode.IsDigit`.", unicode.IsDigit)
}
