package stele

import (
	"context"
	"errors"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAClosedModelRefuses(t *testing.T) {
	model := loaded(t, "digits")
	inputs := digit(t)
	for range 2 {
		if err := model.Close(); err != nil {
			t.Error(err)
		}
		_, err := model.Run(context.Background(), inputs)
		refused(t, err, "FAILED_PRECONDITION: the model is closed")
	}
	if _, found := model.Signature(DefaultSignature); !found {
		t.Error("the signatures are gone")
	}
}

func TestClosingUnderRunningCalls(t *testing.T) {
	inputs := digit(t)
	expected := answer(t, loaded(t, "digits"), inputs)
	for range 10 {
		model := loaded(t, "digits")
		var running sync.WaitGroup
		for range 8 {
			running.Add(1)
			go func() {
				defer running.Done()
				for {
					outputs, err := model.Run(context.Background(), inputs)
					if err != nil {
						refused(t, err, "FAILED_PRECONDITION: the model is closed")
						return
					}
					if got, _ := Values[float32](outputs["probabilities"]); !slices.Equal(got, expected) {
						t.Errorf("got %v, expected %v", got, expected)
						return
					}
				}
			}()
		}
		time.Sleep(5 * time.Millisecond)
		model.Close()
		running.Wait()
		if count := model.users.count.Load(); count != 0 {
			t.Errorf("%d users are left", count)
		}
	}
}

func TestGoroutinesShareAModel(t *testing.T) {
	calls := 1000
	if testing.Short() {
		calls = 100
	}
	model, inputs := loaded(t, "digits", WithProfile("inline")), digit(t)
	expected := answer(t, model, inputs)
	var running sync.WaitGroup
	for range 8 {
		running.Add(1)
		go func() {
			defer running.Done()
			for range calls {
				if got := answer(t, model, inputs); !slices.Equal(got, expected) {
					t.Errorf("got %v, expected %v", got, expected)
					return
				}
			}
		}()
	}
	running.Wait()
}

func TestTheCollectorReleasesModels(t *testing.T) {
	model, err := Load(savedModel(t, "digits"))
	if err != nil {
		t.Fatal(err)
	}
	users := model.users
	answer(t, model, digit(t))
	runtime.KeepAlive(model)
	for range 200 {
		runtime.GC()
		if users.closed.Load() {
			if count := users.count.Load(); count != 0 {
				t.Errorf("%d users are left", count)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a model that nobody has is still there")
}

// Inputs and outputs are garbage at once, while the collector runs again and
// again. What leaked of each call would come to more than is allowed.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("memory under the race detector is another matter")
	}
	const elements, calls, allowed = 512, 10000, 8 << 20
	model := loaded(t, "dtypes", WithProfile("inline"))
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				runtime.GC()
			}
		}
	}()
	run := func(count int) {
		for i := range count {
			x := slices.Repeat([]float32{float32(i)}, elements)
			outputs, err := model.RunSignature(context.Background(), "fp32",
				maps.All(Tensors{"x": made(t, x, elements)}))
			if err != nil {
				t.Fatal(err)
			}
			if same, err := Values[float32](outputs["same"]); err != nil || !slices.Equal(same, x) {
				t.Fatalf("%v came back as %v: %v", x, same, err)
			}
		}
	}
	run(calls / 4)
	before := resident(t)
	run(calls)
	if grown := resident(t) - before; grown > allowed {
		t.Errorf("%d calls took %d bytes", calls, grown)
	}
}

// resident returns the bytes of this process that are in memory.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("only Linux says how much memory a process has")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
