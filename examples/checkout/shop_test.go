package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, handler http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func TestCheckoutAnswersWithNumberAndTotal(t *testing.T) {
	handler := routes(&shop{})
	for want := int64(1); want <= 2; want++ {
		answer := get(t, handler, "/checkout?items=2")
		if answer.Code != http.StatusOK {
			t.Fatalf("status %d: %s", answer.Code, answer.Body)
		}
		var got order
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.ID != want || !strings.Contains(got.Total, "25.00") {
			t.Errorf("got %+v, want id %d and a total of 25.00", got, want)
		}
	}
}

func TestCheckoutRefusesWhatIsNotANumberOfItems(t *testing.T) {
	for _, items := range []string{"0", "-1", "many"} {
		if answer := get(t, routes(&shop{}), "/checkout?items="+items); answer.Code != http.StatusBadRequest {
			t.Errorf("items=%s: status %d", items, answer.Code)
		}
	}
}

func TestProbesAnswer(t *testing.T) {
	for _, path := range []string{"/healthz", "/readyz"} {
		if answer := get(t, routes(&shop{}), path); answer.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, answer.Code)
		}
	}
}
