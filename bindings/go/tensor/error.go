package tensor

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// An Error is what loading or running a model gives when it fails. Every error
// of this module is one:
//
//	var failure *stele.Error
//	if errors.As(err, &failure) && failure.Code == stele.NotFound { … }
type Error struct {
	Code Code
	// Message is for people: names in double quotes, shapes as [?,8,8,1]. It is
	// the same in every language.
	Message string
	// Cause is what errors.Is and errors.As look at next, such as
	// context.Canceled, or nil.
	Cause error
}

// Errorf makes an error of a code. What is given to the verb %w is its cause.
func Errorf(code Code, format string, arguments ...any) *Error {
	formatted := fmt.Errorf(format, arguments...)
	return &Error{Code: code, Message: formatted.Error(), Cause: errors.Unwrap(formatted)}
}

// Error returns code and message: INVALID_ARGUMENT: input "x" is given twice.
func (e *Error) Error() string { return e.Code.String() + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CheckName refuses a name or path that holds a NUL, at which a C string would
// end and name something else: INVALID_ARGUMENT.
func CheckName(name string) error {
	if strings.IndexByte(name, 0) < 0 {
		return nil
	}
	shown := strings.ReplaceAll(name, "\x00", `\0`)
	return Errorf(InvalidArgument, `a name or path holds a NUL: "%s"`, shown)
}

// CheckContext refuses to begin what nobody waits for any more: CANCELLED or
// DEADLINE_EXCEEDED. The error unwraps to that of the context.
func CheckContext(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	code := Cancelled
	if errors.Is(err, context.DeadlineExceeded) {
		code = DeadlineExceeded
	}
	return Errorf(code, "not begun: %w", err)
}
