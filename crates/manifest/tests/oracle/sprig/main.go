// Carries out templates with the functions of Helm 4.1.4 itself: one JSON object a line in, one
// a line out. With `-generate`, invents templates: every function with arguments of every kind.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand"
	"os"
	"reflect"
	"sort"
	"strings"
	"text/template"
	_ "unsafe"

	"helm.sh/helm/v4/pkg/engine"
)

//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

//go:linkname initFunMap helm.sh/helm/v4/pkg/engine.Engine.initFunMap
func initFunMap(e engine.Engine, t *template.Template)

type row struct {
	Template string `json:"t"`
	Output   []byte `json:"o,omitempty"`
	Error    string `json:"e,omitempty"`
}

var data any

func carryOut(text string) (r row) {
	r.Template = text
	t := template.New("gotpl").Option("missingkey=zero")
	initFunMap(engine.Engine{}, t)
	if _, err := t.New("row").Parse(text); err != nil {
		r.Error = err.Error()
		return
	}
	var fresh any
	again, _ := json.Marshal(data)
	_ = json.Unmarshal(again, &fresh)
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "row", fresh); err != nil {
		r.Error = err.Error()
		return
	}
	r.Output = b.Bytes()
	return
}

// What depends on chance, clock or network, or takes long.
var skipped = strings.Fields(`now ago randAlpha randAlphaNum randAscii randNumeric randBytes randInt
	shuffle uuidv4 bcrypt htpasswd genPrivateKey genCA genCAWithKey genSelfSignedCert
	genSelfSignedCertWithKey genSignedCert genSignedCertWithKey buildCustomCert encryptAES
	getHostByName derivePassword include tpl env expandenv repeat until untilStep seq
	date date_in_zone dateInZone htmlDate htmlDateInZone durationRound`)

var pools = map[string][]string{
	"string": {`""`, `"a b"`, `"Hello Wörld-foo_barBaz9"`, `"1.5"`, `"0x1F"`, `.json`, `.yaml`, `.n`,
		`.l`, `"2024-02-29"`, `"a"`, `"1.2.3"`, `">=1.0"`, `"[a-c]+"`, `.num`},
	"int":     {`0`, `1`, `3`, `-2`, `7`, `.num`, `"x"`, `.n`},
	"float64": {`0.5`, `1.0`, `2`, `.num`, `"x"`},
	"bool":    {`true`, `false`, `.n`, `1`},
	"any": {`nil`, `.n`, `0`, `1`, `1.5`, `-3`, `true`, `false`, `""`, `"abc"`, `"12"`, `.l`, `.m`,
		`.el`, `.em`, `(list 1 "a" 2.5 nil)`, `(dict "a" 1)`, `(until 3)`, `.num`, `.big`, `.mm`,
		`(split "," "x,y")`, `(int64 7)`, `.mix`, `(list "b" "a" "b")`, `(semver "1.2.3-a+b")`},
	"map":  {`.m`, `.em`, `.n`, `(dict "a" 1 "b" (dict "c" 2))`, `"x"`, `.mm`, `(dict "scheme" "http" "host" "h" "path" "/p")`},
	"list": {`.l`, `.el`, `.n`, `"x"`, `(list 1 2)`},
	"time": {`(toDate "2006-01-02" "2024-02-29")`, `.n`, `"x"`},
}

func pool(t reflect.Type) []string {
	switch {
	case t.Kind() == reflect.Interface:
		return pools["any"]
	case t.Kind() == reflect.Map:
		return pools["map"]
	case t.Kind() == reflect.Slice:
		return pools["list"]
	case t.String() == "time.Time":
		return pools["time"]
	case t.Kind() == reflect.Uint32:
		return pools["int"]
	}
	return pools[t.Kind().String()]
}

func generate(each int) (out []string) {
	functions := funcMap()
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if strings.Contains(" "+strings.Join(skipped, " ")+" ", " "+name+" ") {
			continue
		}
		f := reflect.TypeOf(functions[name])
		h := fnv.New64()
		h.Write([]byte(name))
		random := rand.New(rand.NewSource(int64(h.Sum64())))
		for i := 0; i < each; i++ {
			words := []string{name}
			for at := 0; at < f.NumIn(); at++ {
				in := f.In(at)
				count := 1
				if f.IsVariadic() && at == f.NumIn()-1 {
					in = in.Elem()
					count = random.Intn(3)
				}
				for ; count > 0; count-- {
					p := pool(in)
					word := p[random.Intn(len(p))]
					if f.NumIn() == 1 && !f.IsVariadic() && i < len(p) {
						word = p[i]
					}
					words = append(words, word)
				}
			}
			call := strings.Join(words, " ")
			form := "{{ %s }}"
			switch out := f.Out(0); {
			case out.Kind() == reflect.Interface || out.Kind() == reflect.Slice:
				form = "{{ toJson (%s) }} {{ typeOf (%[1]s) }}"
			case out.Kind() == reflect.Map:
				form = "{{ toJson (%s) }}"
			}
			out = append(out, fmt.Sprintf(form, call))
		}
	}
	return
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		panic(err)
	}
	var templates []string
	if len(os.Args) > 2 && os.Args[2] == "-generate" {
		templates = generate(9)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		templates = append(templates, r.Template)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	seen := map[string]bool{}
	for _, text := range templates {
		r := carryOut(text)
		stable := !seen[text]
		seen[text] = true
		for i := 0; i < 4 && stable; i++ {
			again := carryOut(text)
			stable = bytes.Equal(again.Output, r.Output) && again.Error == r.Error
		}
		if stable {
			line, _ := json.Marshal(r)
			out.Write(append(line, '\n'))
		}
	}
}
