using System.Linq;

namespace Stele
{
    /// <summary>The canonical codes, numbered as in TensorFlow, absl and gRPC.</summary>
#pragma warning disable 1591 // the names say it
    public enum Code
    {
        Cancelled = 1,
        Unknown = 2,
        InvalidArgument = 3,
        DeadlineExceeded = 4,
        NotFound = 5,
        AlreadyExists = 6,
        PermissionDenied = 7,
        ResourceExhausted = 8,
        FailedPrecondition = 9,
        Aborted = 10,
        OutOfRange = 11,
        Unimplemented = 12,
        Internal = 13,
        Unavailable = 14,
        DataLoss = 15,
        Unauthenticated = 16,
    }
#pragma warning restore 1591

    /// <summary>What codes are called elsewhere.</summary>
    public static class Codes
    {
        /// <summary>"NOT_FOUND" for <see cref="Code.NotFound"/>.</summary>
        public static string Name(this Code code)
        {
            var words = code.ToString().Select((c, at) => at > 0 && char.IsUpper(c) ? "_" + c : c.ToString());
            return string.Concat(words).ToUpperInvariant();
        }
    }
}
