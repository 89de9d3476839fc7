using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace Stele
{
    /// <summary>A tensor: a dtype, a shape, and elements in row-major order, which it owns. Immutable.</summary>
    public sealed class Tensor
    {
        /// <summary>The element type.</summary>
        public DType DType { get; }

        /// <summary>The sizes; empty of a scalar.</summary>
        public IReadOnlyList<long> Shape { get; }

        private readonly long[] dims;
        private readonly byte[] memory;
        private readonly byte[][] strings;

        private Tensor(DType dtype, long[] dims, byte[] memory, byte[][] strings)
        {
            DType = dtype;
            this.dims = dims;
            Shape = Array.AsReadOnly(dims);
            this.memory = memory;
            this.strings = strings;
        }

        /// <summary>Of a caller's shape and a copy of the elements.</summary>
        private static Tensor Checked(DType dtype, long[] shape, byte[] memory, byte[][] strings)
        {
            var tensor = new Tensor(dtype, (long[])shape.Clone(), memory, strings);
            long needed = tensor.Elements();
            if (needed == tensor.Count)
                return tensor;
            throw new SteleException(
                Code.InvalidArgument,
                "shape " + ShapeText(shape) + " has " + needed + " elements, " + tensor.Count + " given"
            );
        }

        /// <summary>Copies elements, whose type gives the dtype; the shape of a scalar is left out.</summary>
        /// <exception cref="SteleException">InvalidArgument: no dtype has such elements, or the shape is none,
        /// or has another number of them.</exception>
        public static Tensor Of<T>(T[] values, params long[] shape)
            where T : struct
        {
            DType dtype = DTypes.Of(typeof(T));
            var memory = new byte[checked(values.Length * dtype.Size())];
            if (typeof(T).IsPrimitive)
                Buffer.BlockCopy(values, 0, memory, 0, memory.Length);
            else
                Pinned(values, address => Marshal.Copy(address, memory, 0, memory.Length));
            return Checked(dtype, shape, memory, null);
        }

        /// <summary>BYTES of strings of any bytes, copied.</summary>
        /// <exception cref="SteleException">InvalidArgument: as above.</exception>
        public static Tensor Of(byte[][] values, params long[] shape) =>
            Checked(DType.BYTES, shape, null, values.Select(value => (byte[])Given(value).Clone()).ToArray());

        /// <summary>BYTES of texts as UTF-8.</summary>
        /// <exception cref="SteleException">InvalidArgument: as above; a lone surrogate.</exception>
        public static Tensor Of(string[] values, params long[] shape) =>
            Checked(DType.BYTES, shape, null, values.Select(value => Text.Bytes(Given(value))).ToArray());

        /// <summary>A copy of an output.</summary>
        internal static Tensor Copy(Native.Tensor tensor)
        {
            var dtype = (DType)tensor.DType;
            long[] shape = Native.Longs(tensor.Dims, tensor.Rank);
            if (dtype != DType.BYTES)
                return new Tensor(dtype, shape, Native.Copy(tensor.Data, tensor.Size), null);
            var strings = new byte[tensor.Size / (ulong)dtype.Size()][];
            for (int i = 0; i < strings.Length; i++)
            {
                var element = Native.Read<Native.Bytes>(tensor.Data, i);
                strings[i] = Native.Copy(element.Data, element.Size);
            }
            return new Tensor(dtype, shape, null, strings);
        }

        /// <summary>A copy of the elements in row-major order: <c>ToArray&lt;float&gt;()</c>; BYTES are
        /// <c>byte[]</c>.</summary>
        /// <exception cref="SteleException">InvalidArgument: they are of another type.</exception>
        public T[] ToArray<T>()
        {
            DType asked = DTypes.Of(typeof(T));
            if (asked != DType)
                throw new SteleException(Code.InvalidArgument, "tensor has dtype " + DType + ", read as " + asked);
            if (strings != null)
                return strings.Select(value => (T)value.Clone()).ToArray();
            var values = new T[Count];
            if (typeof(T).IsPrimitive)
                Buffer.BlockCopy(memory, 0, values, 0, memory.Length);
            else
                Pinned(values, address => Marshal.Copy(memory, 0, address, memory.Length));
            return values;
        }

        /// <summary>"FP32 [1,8,8,1]"</summary>
        public override string ToString() => DType + " " + ShapeText(dims);

        /// <summary>For C, as long as <paramref name="pins"/> are held.</summary>
        internal Native.Tensor View(string name, Pins pins)
        {
            var view = new Native.Tensor
            {
                Name = pins.Add(Text.Encode(name)),
                DType = (int)DType,
                Rank = dims.Length,
                Dims = pins.Add(dims),
                Size = (ulong)Count * (ulong)DType.Size(),
            };
            view.Data = pins.Add(strings == null ? (Array)memory : StringViews(pins));
            return view;
        }

        internal static string ShapeText(IEnumerable<long> shape) =>
            "[" + string.Join(",", shape.Select(size => size < 0 ? "?" : size.ToString())) + "]";

        private int Count => strings != null ? strings.Length : memory.Length / DType.Size();

        private Native.Bytes[] StringViews(Pins pins)
        {
            var all = new byte[strings.Sum(value => (long)value.Length)];
            IntPtr first = pins.Add(all);
            var views = new Native.Bytes[strings.Length];
            int at = 0;
            for (int i = 0; i < strings.Length; i++)
            {
                strings[i].CopyTo(all, at);
                views[i] = new Native.Bytes { Data = IntPtr.Add(first, at), Size = (ulong)strings[i].Length };
                at += strings[i].Length;
            }
            return views;
        }

        /// <summary>How many the shape says, checked by C.</summary>
        private long Elements()
        {
            Native.RequireAbi();
            using (var pins = new Pins())
            {
                byte[] error = Native.Error;
                var tensor = new Native.Tensor
                {
                    DType = (int)DType,
                    Rank = dims.Length,
                    Dims = pins.Add(dims),
                };
                Native.stele_tensor_size(ref tensor, out ulong size, error);
                Native.Check(error);
                return (long)(size / (ulong)DType.Size());
            }
        }

        private static T Given<T>(T value)
            where T : class
        {
            return value ?? throw new SteleException(Code.InvalidArgument, "a string is null");
        }

        private static void Pinned(Array array, Action<IntPtr> use)
        {
            using (var pins = new Pins())
                use(pins.Add(array));
        }
    }
}
