using System;

namespace Stele
{
    /// <summary>An IEEE 754 binary16, of which netstandard2.0 has no type: its bits.</summary>
    public struct Float16
    {
        /// <summary>One bit of sign, five of exponent, ten of fraction.</summary>
        public readonly ushort Bits;

        /// <summary>The one with these bits.</summary>
        public Float16(ushort bits)
        {
            Bits = bits;
        }

        /// <summary>The value, exactly.</summary>
        public float ToSingle()
        {
            int exponent = Bits >> 10 & 0x1f;
            int fraction = Bits & 0x3ff;
            if (exponent == 0)
                return (Bits >> 15 == 0 ? 1 : -1f) * fraction / (1 << 24);
            int wide = exponent == 0x1f ? 0xff : exponent + 112;
            return BitConverter.ToSingle(BitConverter.GetBytes(Bits >> 15 << 31 | wide << 23 | fraction << 13), 0);
        }
    }

    /// <summary>The upper half of a float.</summary>
    public struct BFloat16
    {
        /// <summary>One bit of sign, eight of exponent, seven of fraction.</summary>
        public readonly ushort Bits;

        /// <summary>The one with these bits.</summary>
        public BFloat16(ushort bits)
        {
            Bits = bits;
        }

        /// <summary>The value, exactly.</summary>
        public float ToSingle() => BitConverter.ToSingle(BitConverter.GetBytes(Bits << 16), 0);
    }

    /// <summary>Two floats; <see cref="System.Numerics.Complex"/> is two doubles.</summary>
    public struct Complex64
    {
        /// <summary>The real part.</summary>
        public readonly float Real;

        /// <summary>The imaginary part.</summary>
        public readonly float Imaginary;

        /// <summary>The one with these parts.</summary>
        public Complex64(float real, float imaginary)
        {
            Real = real;
            Imaginary = imaginary;
        }
    }
}
