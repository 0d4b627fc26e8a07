// Carries out rows (template, data) with Go's own text/template and prints what comes out:
// one JSON object a line in, one a line out. The functions and the object have twins in
// tests/manifest/tmpl/functions.rs.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/template"
)

type row struct {
	Template string `json:"template"`
	Data     any    `json:"data"`
	Missing  string `json:"missing"`
}

type answer struct {
	Output []byte `json:"output"`
	Error  string `json:"error"`
}

type thing struct {
	Name   string
	Any    any
	Labels map[string]string
	Next   *thing
}

func (t *thing) Greet(who string) string { return "hello " + who + " from " + t.Name }
func (t *thing) Count(words ...string) int { return len(words) }
func (t *thing) Fail() (string, error)    { return "", errors.New("the thing failed") }

type version struct{ text string }

func (v version) String() string { return "v" + v.text }

type set []string

func (s set) Has(word string) bool {
	for _, have := range s {
		if have == word {
			return true
		}
	}
	return false
}

func functions(t **template.Template) template.FuncMap {
	return template.FuncMap{
		"strings": func(words ...string) []string { return words },
		"list":    func(items ...any) []any { return items },
		"i64":     func(n int) int64 { return int64(n) },
		"u64":     func(n int) uint64 { return uint64(n) },
		"i32":     func(n int) int32 { return int32(n) },
		"bytes":   func(s string) []byte { return []byte(s) },
		"labels":  func() map[string]string { return map[string]string{"b": "2", "a": "1"} },
		"fail":    func(s string) (string, error) { return "", errors.New(s) },
		"upper":   strings.ToUpper,
		"count":   func(m map[string]any) int { return len(m) },
		"first":   func(l []any) any { return l[0] },
		"half":    func(f float64) float64 { return f / 2 },
		"flip":    func(b bool) bool { return !b },
		"add":     func(a, b int) int { return a + b },
		"add64":   func(a, b int64) int64 { return a + b },
		"nothing": func() any { return nil },
		"seven":   func() any { return 7 },
		"same":    func(v any) any { return v },
		"dict": func(v ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(v); i += 2 {
				m[fmt.Sprint(v[i])] = v[i+1]
			}
			return m
		},
		"set": func(m map[string]any, k string, v any) map[string]any { m[k] = v; return m },
		"include": func(name string, data any) (string, error) {
			var b bytes.Buffer
			err := (*t).ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
		"thing": func() *thing {
			return &thing{Name: "T", Labels: map[string]string{"k": "v"}}
		},
		"version": func() version { return version{"1.2"} },
		"set_of":  func() set { return set{"one", "two"} },
	}
}

func carryOut(r row) answer {
	var t *template.Template
	t = template.New("row")
	if r.Missing != "" {
		t.Option("missingkey=" + r.Missing)
	}
	t.Funcs(functions(&t))
	if _, err := t.Parse(r.Template); err != nil {
		return answer{nil, err.Error()}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, r.Data); err != nil {
		return answer{nil, err.Error()}
	}
	return answer{b.Bytes(), ""}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		a, _ := json.Marshal(carryOut(r))
		out.Write(append(a, '\n'))
	}
}
