using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

namespace Stele
{
    /// <summary>Element types, named as in the Open Inference Protocol, numbered as in TensorFlow.</summary>
#pragma warning disable 1591 // the names say it
    public enum DType
    {
        FP32 = 1,
        FP64 = 2,
        INT32 = 3,
        UINT8 = 4,
        INT16 = 5,
        INT8 = 6,
        BYTES = 7,
        C64 = 8,
        INT64 = 9,
        BOOL = 10,
        BF16 = 14,
        UINT16 = 17,
        C128 = 18,
        FP16 = 19,
        UINT32 = 22,
        UINT64 = 23,
    }
#pragma warning restore 1591

    /// <summary>The C# types of the dtypes.</summary>
    internal static class DTypes
    {
        private static readonly Dictionary<DType, Tuple<Type, int>> Elements = new Dictionary<DType, Tuple<Type, int>>
        {
            [DType.BOOL] = Tuple.Create(typeof(bool), 1),
            [DType.INT8] = Tuple.Create(typeof(sbyte), 1),
            [DType.INT16] = Tuple.Create(typeof(short), 2),
            [DType.INT32] = Tuple.Create(typeof(int), 4),
            [DType.INT64] = Tuple.Create(typeof(long), 8),
            [DType.UINT8] = Tuple.Create(typeof(byte), 1),
            [DType.UINT16] = Tuple.Create(typeof(ushort), 2),
            [DType.UINT32] = Tuple.Create(typeof(uint), 4),
            [DType.UINT64] = Tuple.Create(typeof(ulong), 8),
            [DType.FP16] = Tuple.Create(typeof(Float16), 2),
            [DType.BF16] = Tuple.Create(typeof(BFloat16), 2),
            [DType.FP32] = Tuple.Create(typeof(float), 4),
            [DType.FP64] = Tuple.Create(typeof(double), 8),
            [DType.C64] = Tuple.Create(typeof(Complex64), 8),
            [DType.C128] = Tuple.Create(typeof(Complex), 16),
            [DType.BYTES] = Tuple.Create(typeof(byte[]), 16),
        };

        private static readonly Dictionary<Type, DType> Names = Elements.ToDictionary(
            element => element.Value.Item1,
            element => element.Key
        );

        internal static DType Of(Type type)
        {
            if (Names.TryGetValue(type, out var dtype))
                return dtype;
            throw new SteleException(Code.InvalidArgument, "no dtype has elements of " + type);
        }

        /// <summary>The bytes of an element; of BYTES, those of its stele_bytes.</summary>
        internal static int Size(this DType dtype) => Elements[dtype].Item2;

        internal static Type Type(this DType dtype) => Elements[dtype].Item1;
    }
}
