package hub

import "sync/atomic"

// Form is one wire form that shared events are encoded in: the native JSON object, the raw frame …
// Each gateway makes its own once, as a package variable.
type Form uint8

const maxForms = 8

var formCount atomic.Int32

// NewForm returns a form that nobody else has. It panics after the eighth.
func NewForm() Form {
	n := formCount.Add(1)
	if n > maxForms {
		panic("hub: more than 8 wire forms")
	}
	return Form(n - 1)
}

// Forms holds one encoding per wire form. The zero value is ready. It is safe for concurrent use.
type Forms struct {
	slots [maxForms]atomic.Pointer[any]
}

// Get returns the encoding in form f, made by encode the first time. Two goroutines that come first
// together may both encode; one result is kept.
func (fs *Forms) Get(f Form, encode func() any) any {
	if p := fs.slots[f].Load(); p != nil {
		return *p
	}
	v := encode()
	if fs.slots[f].CompareAndSwap(nil, &v) {
		return v
	}
	return *fs.slots[f].Load()
}
