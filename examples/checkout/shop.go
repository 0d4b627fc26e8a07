package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
)

// shop numbers the orders that it takes. The zero value is ready to use.
type shop struct {
	orders int64
}

// order is the answer to a request for /checkout.
type order struct {
	ID    int64  `json:"id"`
	Total string `json:"total"`
}

// routes wires the service's paths to a shop.
func routes(s *shop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ready") })
	mux.HandleFunc("/checkout", s.checkout)
	return mux
}

// checkout takes an order of ?items=N (default 1) and answers with its number and total.
func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	items := 1
	if text := r.URL.Query().Get("items"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 {
			http.Error(w, "items must be a positive number", http.StatusBadRequest)
			return
		}
		items = number
	}
	id := atomic.AddInt64(&s.orders, 1)
	total, err := price(id, items)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(order{ID: id, Total: total})
}
