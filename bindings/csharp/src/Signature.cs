using System;
using System.Collections.Generic;
using System.Linq;

namespace Stele
{
    /// <summary>An input or output of a signature.</summary>
    public sealed class TensorInfo
    {
        /// <summary>Its name.</summary>
        public string Name { get; }

        /// <summary>"FP32"; "TF_20" for a type of TensorFlow's that has no name here.</summary>
        public string DTypeName { get; }

        /// <summary>Null for an unknown rank; -1 in it for an unknown size.</summary>
        public IReadOnlyList<long> Shape { get; }

        /// <summary>Whether the SignatureDef has a default, so that a run may leave it out.</summary>
        public bool Optional { get; }

        internal TensorInfo(Native.TensorInfo info)
        {
            Name = Text.Decode(info.Name);
            DTypeName = Text.Decode(info.DTypeName);
            Shape = info.Rank < 0 ? null : Array.AsReadOnly(Native.Longs(info.Dims, info.Rank));
            Optional = info.DefaultValue != IntPtr.Zero;
        }

        /// <summary>The dtype; null for a type without a name, which cannot be run.</summary>
        public DType? DType => Enum.TryParse(DTypeName, out DType dtype) ? dtype : (DType?)null;

        /// <summary>"image FP32 [?,8,8,1]"</summary>
        public override string ToString() =>
            Name + " " + DTypeName + " " + (Shape == null ? "?" : Tensor.ShapeText(Shape));
    }

    /// <summary>One way to call a model; inputs and outputs are sorted by name.</summary>
    public sealed class Signature
    {
        /// <summary>Its name.</summary>
        public string Name { get; }

        /// <summary>What it takes.</summary>
        public IReadOnlyList<TensorInfo> Inputs { get; }

        /// <summary>What it gives.</summary>
        public IReadOnlyList<TensorInfo> Outputs { get; }

        internal Signature(Native.Signature signature)
        {
            Name = Text.Decode(signature.Name);
            Inputs = Infos(signature.Inputs, signature.InputCount);
            Outputs = Infos(signature.Outputs, signature.OutputCount);
        }

        private static IReadOnlyList<TensorInfo> Infos(IntPtr first, ulong count)
        {
            var indices = Enumerable.Range(0, (int)count);
            var infos = indices.Select(i => new TensorInfo(Native.Read<Native.TensorInfo>(first, i)));
            return infos.ToList().AsReadOnly();
        }
    }
}
