module Stele
  # Element types, named as in the Open Inference Protocol, numbered as in TensorFlow.
  enum DType
    FP32   =  1
    FP64   =  2
    INT32  =  3
    UINT8  =  4
    INT16  =  5
    INT8   =  6
    BYTES  =  7
    C64    =  8
    INT64  =  9
    BOOL   = 10
    BF16   = 14
    UINT16 = 17
    C128   = 18
    FP16   = 19
    UINT32 = 22
    UINT64 = 23
  end
end
