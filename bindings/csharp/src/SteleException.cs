using System;

namespace Stele
{
    /// <summary>What went wrong: the message names the culprit, the code says of what kind it is.</summary>
    public sealed class SteleException : Exception
    {
        /// <summary>Of what kind it is.</summary>
        public Code Code { get; }

        internal SteleException(Code code, string message)
            : base(message)
        {
            Code = code;
        }

        /// <summary>"NOT_FOUND: no SavedModel at …"; <see cref="Exception.Message"/> has no code in front.</summary>
        public string Line => Code.Name() + ": " + Message;
    }
}
