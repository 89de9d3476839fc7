# The canonical codes by number, as in TensorFlow, absl and gRPC.
const CODES = [
    :CANCELLED,
    :UNKNOWN,
    :INVALID_ARGUMENT,
    :DEADLINE_EXCEEDED,
    :NOT_FOUND,
    :ALREADY_EXISTS,
    :PERMISSION_DENIED,
    :RESOURCE_EXHAUSTED,
    :FAILED_PRECONDITION,
    :ABORTED,
    :OUT_OF_RANGE,
    :UNIMPLEMENTED,
    :INTERNAL,
    :UNAVAILABLE,
    :DATA_LOSS,
    :UNAUTHENTICATED,
]

"""
What went wrong: `code` says of what kind it is (`:NOT_FOUND`, …, as in TensorFlow, absl
and gRPC), `message` names the culprit.
"""
struct SteleError <: Exception
    code::Symbol
    message::String
end

Base.showerror(io::IO, error::SteleError) = print(io, error.code, ": ", error.message)

invalid(message) = throw(SteleError(:INVALID_ARGUMENT, message))

# Text on its way to C, where it ends at a NUL.
function text(given)
    given = String(given)
    '\0' in given &&
        invalid("a name or path holds a NUL: \"$(replace(given, '\0' => "\\0"))\"")
    return given
end

function name(given)
    given = text(given)
    isvalid(given) || invalid("a name is not UTF-8: $(repr(given))")
    return given
end
