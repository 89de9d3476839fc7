using System;
using System.Runtime.InteropServices;

/// <summary>The kit's C interface, as stele_worker.h has it.</summary>
internal static class Kit
{
    internal const int Load = 1;
    internal const int Run = 2;
    internal const int Unload = 3;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Input
    {
        internal IntPtr Name;
        internal int DType;
        internal int Rank;
        internal IntPtr Dims;
        internal IntPtr Path;
        internal ulong Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Request
    {
        internal int Verb;
        internal IntPtr Dir;
        internal IntPtr Tags;
        internal IntPtr Profile;
        internal IntPtr Config;
        internal ulong ConfigSize;
        internal IntPtr Signature;
        internal ulong InputCount;
        internal IntPtr Inputs;
    }

    [DllImport("stele_worker")]
    internal static extern IntPtr stele_worker_new(byte[] binding, byte[] language, byte[] dtypes);

    [DllImport("stele_worker")]
    internal static extern void stele_worker_free(IntPtr worker);

    [DllImport("stele_worker")]
    internal static extern IntPtr stele_worker_next(IntPtr worker);

    [DllImport("stele_worker")]
    internal static extern int stele_worker_again(IntPtr worker);

    [DllImport("stele_worker")]
    internal static extern void stele_worker_describe(
        IntPtr worker,
        byte[] signature,
        int isOutput,
        byte[] name,
        byte[] dtype,
        int rank,
        long[] dims
    );

    [DllImport("stele_worker")]
    internal static extern IntPtr stele_worker_output(
        IntPtr worker,
        byte[] name,
        int dtype,
        int rank,
        long[] dims,
        ulong size
    );

    [DllImport("stele_worker")]
    internal static extern void stele_worker_ok(IntPtr worker);

    [DllImport("stele_worker")]
    internal static extern void stele_worker_error(IntPtr worker, int code, byte[] message);

    [DllImport("stele_worker")]
    internal static extern void stele_worker_unsupported(IntPtr worker, byte[] what);
}
