using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Stele
{
    /// <summary>Arrays whose addresses C may use until this is disposed of.</summary>
    internal sealed class Pins : IDisposable
    {
        private readonly List<GCHandle> handles = new List<GCHandle>();

        /// <summary>The address of an array; NULL of null.</summary>
        internal IntPtr Add(Array array)
        {
            if (array == null)
                return IntPtr.Zero;
            var handle = GCHandle.Alloc(array, GCHandleType.Pinned);
            handles.Add(handle);
            return handle.AddrOfPinnedObject();
        }

        public void Dispose() => handles.ForEach(handle => handle.Free());
    }
}
