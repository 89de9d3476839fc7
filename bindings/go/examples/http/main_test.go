package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stele.dev/stele"
)

func TestServing(t *testing.T) {
	model, err := stele.Load(filepath.Join(os.Getenv("STELE_BUILD"), "models/digits/saved_model"))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	server := httptest.NewServer(handler{model})
	defer server.Close()
	post := func(body string) (int, string) {
		response, err := http.Post(server.URL, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	pixels := "[0" + strings.Repeat(",0", 63) + "]"
	code, text := post(`{"image": {"shape": [1,8,8,1], "values": ` + pixels + `}}`)
	var answer map[string]values
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != http.StatusOK {
		t.Fatalf("%d: %s", code, text)
	}
	if got := answer["probabilities"]; len(got.Values) != 10 || len(got.Shape) != 2 {
		t.Errorf("got %v", got)
	}
	for _, row := range []struct{ body, text string }{
		{`{"image"`, "unexpected EOF\n"},
		{`{"image": {"shape": [8,8], "values": ` + pixels + `}}`,
			`INVALID_ARGUMENT: input "image" has shape [8,8], expected [?,8,8,1]` + "\n"},
		{`{"image": {"shape": [2]}}`, "INVALID_ARGUMENT: shape [2] has 2 elements, 0 given\n"},
	} {
		if code, text := post(row.body); code != http.StatusBadRequest || text != row.text {
			t.Errorf("%s: %d: %s", row.body, code, text)
		}
	}
}
