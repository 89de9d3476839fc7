using System;
using System.Runtime.InteropServices;

namespace Stele
{
    /// <summary>libstele's C interface, as stele.h has it: libstele.so beside the assembly, or the system's.</summary>
    internal static class Native
    {
        internal const uint Abi = 1;
        private const int ErrorSize = 4100;

        [ThreadStatic]
        private static byte[] error;

        /// <summary>The stele_error of this thread, which every call fills in or clears. One for each call would
        /// be most of what a small call costs.</summary>
        internal static byte[] Error => error ?? (error = new byte[ErrorSize]);

        [StructLayout(LayoutKind.Sequential)]
        internal struct Bytes
        {
            internal IntPtr Data;
            internal ulong Size;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Tensor
        {
            internal IntPtr Name;
            internal int DType;
            internal int Rank;
            internal IntPtr Dims;
            internal IntPtr Data;
            internal ulong Size;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Options
        {
            internal uint StructSize;
            internal IntPtr Tags;
            internal IntPtr Profile;
            internal IntPtr Config;
            internal ulong ConfigSize;
            internal IntPtr LibTensorFlow;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct TensorInfo
        {
            internal IntPtr Name;
            internal int DType;
            internal int Rank;
            internal IntPtr DTypeName;
            internal IntPtr Dims;
            internal IntPtr Tensor;
            internal IntPtr DefaultValue;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Signature
        {
            internal IntPtr Name;
            internal ulong InputCount;
            internal IntPtr Inputs;
            internal ulong OutputCount;
            internal IntPtr Outputs;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Outputs
        {
            internal ulong Count;
            internal IntPtr Tensors;
        }

        [DllImport("stele")]
        internal static extern uint stele_abi();

        [DllImport("stele")]
        internal static extern int stele_tensor_size(ref Tensor tensor, out ulong size, byte[] error);

        [DllImport("stele")]
        internal static extern IntPtr stele_load(byte[] dir, ref Options options, byte[] error);

        [DllImport("stele")]
        internal static extern void stele_free(IntPtr model);

        [DllImport("stele")]
        internal static extern ulong stele_signature_count(ModelHandle model);

        [DllImport("stele")]
        internal static extern IntPtr stele_signature_at(ModelHandle model, ulong index);

        [DllImport("stele")]
        internal static extern IntPtr stele_run(
            ModelHandle model,
            byte[] signature,
            [In] Tensor[] inputs,
            ulong count,
            byte[] error
        );

        [DllImport("stele")]
        internal static extern void stele_outputs_free(IntPtr outputs);

        [DllImport("stele")]
        internal static extern IntPtr stele_tensorflow_version(byte[] error);

        /// <summary>Throws what a call has put into its stele_error.</summary>
        internal static void Check(byte[] error)
        {
            int code = BitConverter.ToInt32(error, 0);
            if (code == 0)
                return;
            string message = Text.Decode(error, 4, Array.IndexOf(error, (byte)0, 4) - 4);
            throw new SteleException(Enum.IsDefined(typeof(Code), code) ? (Code)code : Code.Unknown, message);
        }

        /// <summary>The structure number <paramref name="index"/> at an address.</summary>
        internal static T Read<T>(IntPtr address, int index = 0)
            where T : struct
        {
            return Marshal.PtrToStructure<T>(IntPtr.Add(address, index * Marshal.SizeOf<T>()));
        }

        /// <summary>A copy of C's numbers.</summary>
        internal static long[] Longs(IntPtr address, int count)
        {
            var numbers = new long[Math.Max(count, 0)];
            if (count > 0)
                Marshal.Copy(address, numbers, 0, count);
            return numbers;
        }

        /// <summary>A copy of C's bytes.</summary>
        internal static byte[] Copy(IntPtr address, ulong size)
        {
            if (size > int.MaxValue)
                throw new SteleException(Code.ResourceExhausted, size + " bytes are more than an array can have");
            var bytes = new byte[size];
            if (size > 0)
                Marshal.Copy(address, bytes, 0, bytes.Length);
            return bytes;
        }

        /// <summary>Refuses a libstele that is not there, or of another ABI.</summary>
        internal static void RequireAbi()
        {
            uint abi;
            try
            {
                abi = stele_abi();
            }
            catch (DllNotFoundException error)
            {
                string remedy = "; put libstele.so beside Stele.dll, or its folder into LD_LIBRARY_PATH";
                throw new SteleException(Code.NotFound, "no libstele: " + error.Message + remedy);
            }
            if (abi != Abi)
                throw new SteleException(
                    Code.FailedPrecondition,
                    "libstele has ABI " + abi + ", and " + Abi + " is needed"
                );
        }
    }
}
