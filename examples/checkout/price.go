package main

import "fmt"

// centsPerItem is what one item costs, in euro cents.
const centsPerItem = 1250

// price returns the total of an order as text, for example "€12.50".
func price(id int64, items int) (string, error) {
	cents := items * centsPerItem
	return fmt.Sprintf("€%d.%02d", cents/100, cents%100), nil
}
