using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Stele
{
    /// <summary>Text on its way to and from C, as UTF-8 that ends at a NUL.</summary>
    internal static class Text
    {
        private static readonly Encoding Utf8 = new UTF8Encoding(false, true);

        /// <summary>Of a name or path, with the NUL; null of null.</summary>
        internal static byte[] Encode(string text)
        {
            if (text == null)
                return null;
            if (text.IndexOf('\0') >= 0)
            {
                string shown = text.Replace("\0", "\\0");
                throw new SteleException(Code.InvalidArgument, "a name or path holds a NUL: \"" + shown + "\"");
            }
            return Bytes(text + "\0");
        }

        /// <summary>Of any text.</summary>
        internal static byte[] Bytes(string text)
        {
            try
            {
                return Utf8.GetBytes(text);
            }
            catch (EncoderFallbackException)
            {
                throw new SteleException(Code.InvalidArgument, "a text has a lone surrogate, which UTF-8 cannot hold");
            }
        }

        internal static string Decode(byte[] bytes, int from, int count) => Encoding.UTF8.GetString(bytes, from, count);

        internal static string Decode(IntPtr address)
        {
            int size = 0;
            while (Marshal.ReadByte(address, size) != 0)
                size++;
            return Decode(Native.Copy(address, (ulong)size), 0, size);
        }
    }
}
