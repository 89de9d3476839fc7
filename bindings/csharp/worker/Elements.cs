using System;
using System.Runtime.InteropServices;
using Stele;

/// <summary>A dtype's tensors from and to the bytes of a file, through arrays of its C# type.</summary>
internal abstract class Elements
{
    internal static Elements Of(DType dtype) =>
        (Elements)Activator.CreateInstance(typeof(Elements<>).MakeGenericType(dtype.Type()), true);

    internal abstract Tensor Make(byte[] bytes, long[] shape);

    internal abstract byte[] Stored(Tensor tensor);
}

/// <summary>Each element on its own, so that what an array's memory is to the library does not matter.</summary>
internal sealed class Elements<T> : Elements
    where T : struct
{
    private static readonly int Size = Stele.DTypes.Of(typeof(T)).Size();

    internal override Tensor Make(byte[] bytes, long[] shape)
    {
        var values = new T[bytes.Length / Size];
        Each(bytes, (address, i) => values[i] = Read(address));
        return Tensor.Of(values, shape);
    }

    internal override byte[] Stored(Tensor tensor)
    {
        T[] values = tensor.ToArray<T>();
        var bytes = new byte[values.Length * Size];
        Each(bytes, (address, i) => Write(values[i], address));
        return bytes;
    }

    private static T Read(IntPtr address) =>
        typeof(T) == typeof(bool)
            ? (T)(object)(Marshal.ReadByte(address) != 0)
            : (T)Marshal.PtrToStructure(address, typeof(T));

    private static void Write(T value, IntPtr address)
    {
        if (typeof(T) == typeof(bool))
            Marshal.WriteByte(address, (byte)((bool)(object)value ? 1 : 0));
        else
            Marshal.StructureToPtr(value, address, false);
    }

    private static void Each(byte[] bytes, Action<IntPtr, int> use)
    {
        using (var pins = new Pins())
        {
            IntPtr first = pins.Add(bytes);
            for (int i = 0; i < bytes.Length / Size; i++)
                use(IntPtr.Add(first, i* Size), i);
        }
    }
}
