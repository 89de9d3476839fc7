/// Errors: a canonical code and a message, in an exception.
#ifndef STELE_ERROR_HPP
#define STELE_ERROR_HPP

#include <stele.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace stele {

/// The canonical codes, numbered as in TF_Code, absl::StatusCode and gRPC.
enum class Code : stele_code {
  ok = STELE_OK,
  cancelled = STELE_CANCELLED,
  unknown = STELE_UNKNOWN,
  invalid_argument = STELE_INVALID_ARGUMENT,
  deadline_exceeded = STELE_DEADLINE_EXCEEDED,
  not_found = STELE_NOT_FOUND,
  already_exists = STELE_ALREADY_EXISTS,
  permission_denied = STELE_PERMISSION_DENIED,
  resource_exhausted = STELE_RESOURCE_EXHAUSTED,
  failed_precondition = STELE_FAILED_PRECONDITION,
  aborted = STELE_ABORTED,
  out_of_range = STELE_OUT_OF_RANGE,
  unimplemented = STELE_UNIMPLEMENTED,
  internal = STELE_INTERNAL,
  unavailable = STELE_UNAVAILABLE,
  data_loss = STELE_DATA_LOSS,
  unauthenticated = STELE_UNAUTHENTICATED
};

/// "NOT_FOUND" for Code::not_found; "UNKNOWN" for a number that is no code.
[[nodiscard]] inline std::string_view name(Code code) noexcept {
  return stele_code_name(static_cast<stele_code>(code));
}

/// What every function here throws. what() is the message, for a person, the
/// same in every language: names in double quotes, shapes as [?,8,8,1].
class Error : public std::runtime_error {
public:
  Error(Code code, const std::string &message)
      : std::runtime_error(message), code_(code) {
  }

  [[nodiscard]] Code code() const noexcept {
    return code_;
  }

private:
  Code code_;
};

namespace detail {

[[noreturn]] inline void fail(const stele_error &error) {
  throw Error(static_cast<Code>(error.code), error.message);
}

/// The text as C takes it, which would end at a NUL: refused here.
inline std::string terminated(std::string_view text) {
  auto at = text.find('\0');
  if (at == std::string_view::npos)
    return std::string(text);
  std::string shown(text);
  for (; at != std::string::npos; at = shown.find('\0', at))
    shown.replace(at, 1, "\\0");
  throw Error(Code::invalid_argument,
              "a name or path holds a NUL: \"" + shown + '"');
}

} // namespace detail
} // namespace stele

#endif // STELE_ERROR_HPP
