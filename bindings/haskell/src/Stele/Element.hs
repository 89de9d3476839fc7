-- | Element types, named as in the Open Inference Protocol.
module Stele.Element
  ( DType (..),
    dtypeNumber,
    dtypeOfNumber,
    Element (..),
    SomeElement (..),
    someElement,
    Bool8 (..),
    fromBool,
    toBool,
    BFloat16 (..),
    toBFloat16,
    fromBFloat16,
  )
where

import Data.Bits (shiftL, shiftR, (.&.))
import Data.Complex (Complex)
import Data.Int (Int16, Int32, Int64, Int8)
import Data.List (find)
import Data.Proxy (Proxy (..))
import Data.Typeable (Typeable)
import Data.Word (Word16, Word32, Word64, Word8)
import Foreign.Storable (Storable)
import GHC.Float (castFloatToWord32, castWord32ToFloat)
import Numeric.Half (Half)

data DType
  = BOOL
  | INT8
  | INT16
  | INT32
  | INT64
  | UINT8
  | UINT16
  | UINT32
  | UINT64
  | FP16
  | BF16
  | FP32
  | FP64
  | C64
  | C128
  | BYTES
  deriving (Eq, Ord, Show, Read, Enum, Bounded)

-- | The number of tensorflow.DataType.
dtypeNumber :: DType -> Int32
dtypeNumber dtype = case dtype of
  BOOL -> 10
  INT8 -> 6
  INT16 -> 5
  INT32 -> 3
  INT64 -> 9
  UINT8 -> 4
  UINT16 -> 17
  UINT32 -> 22
  UINT64 -> 23
  FP16 -> 19
  BF16 -> 14
  FP32 -> 1
  FP64 -> 2
  C64 -> 8
  C128 -> 18
  BYTES -> 7

dtypeOfNumber :: Int32 -> Maybe DType
dtypeOfNumber number = find ((== number) . dtypeNumber) [minBound ..]

-- | A Haskell type whose values in memory are the elements of a dtype.
class (Storable a, Typeable a) => Element a where
  dtypeOf :: proxy a -> DType

instance Element Bool8 where dtypeOf _ = BOOL

instance Element Int8 where dtypeOf _ = INT8

instance Element Int16 where dtypeOf _ = INT16

instance Element Int32 where dtypeOf _ = INT32

instance Element Int64 where dtypeOf _ = INT64

instance Element Word8 where dtypeOf _ = UINT8

instance Element Word16 where dtypeOf _ = UINT16

instance Element Word32 where dtypeOf _ = UINT32

instance Element Word64 where dtypeOf _ = UINT64

instance Element Half where dtypeOf _ = FP16

instance Element BFloat16 where dtypeOf _ = BF16

instance Element Float where dtypeOf _ = FP32

instance Element Double where dtypeOf _ = FP64

instance Element (Complex Float) where dtypeOf _ = C64

instance Element (Complex Double) where dtypeOf _ = C128

-- | The type of a dtype's elements, for those who know the dtype only at run time.
data SomeElement = forall a. Element a => SomeElement (Proxy a)

-- | 'Nothing' for BYTES.
someElement :: DType -> Maybe SomeElement
someElement dtype = case dtype of
  BOOL -> Just (SomeElement (Proxy :: Proxy Bool8))
  INT8 -> Just (SomeElement (Proxy :: Proxy Int8))
  INT16 -> Just (SomeElement (Proxy :: Proxy Int16))
  INT32 -> Just (SomeElement (Proxy :: Proxy Int32))
  INT64 -> Just (SomeElement (Proxy :: Proxy Int64))
  UINT8 -> Just (SomeElement (Proxy :: Proxy Word8))
  UINT16 -> Just (SomeElement (Proxy :: Proxy Word16))
  UINT32 -> Just (SomeElement (Proxy :: Proxy Word32))
  UINT64 -> Just (SomeElement (Proxy :: Proxy Word64))
  FP16 -> Just (SomeElement (Proxy :: Proxy Half))
  BF16 -> Just (SomeElement (Proxy :: Proxy BFloat16))
  FP32 -> Just (SomeElement (Proxy :: Proxy Float))
  FP64 -> Just (SomeElement (Proxy :: Proxy Double))
  C64 -> Just (SomeElement (Proxy :: Proxy (Complex Float)))
  C128 -> Just (SomeElement (Proxy :: Proxy (Complex Double)))
  BYTES -> Nothing

-- | A BOOL: one byte, 0 or 1. In memory, Haskell's 'Bool' has four.
newtype Bool8 = Bool8 Word8
  deriving newtype (Eq, Ord, Show, Storable)

fromBool :: Bool -> Bool8
fromBool = Bool8 . fromIntegral . fromEnum

toBool :: Bool8 -> Bool
toBool (Bool8 byte) = byte /= 0

-- | A BF16: the upper half of a 'Float'.
newtype BFloat16 = BFloat16 Word16
  deriving newtype (Eq, Storable)

instance Show BFloat16 where
  showsPrec precedence = showsPrec precedence . fromBFloat16

-- | The value, exactly.
fromBFloat16 :: BFloat16 -> Float
fromBFloat16 (BFloat16 bits) = castWord32ToFloat (fromIntegral bits `shiftL` 16)

-- | The nearest, of two the even one.
toBFloat16 :: Float -> BFloat16
toBFloat16 value
  | isNaN value = BFloat16 (upper (castFloatToWord32 value) + quiet)
  | otherwise = BFloat16 (upper (bits + 0x7fff + (bits `shiftR` 16 .&. 1)))
  where
    bits = castFloatToWord32 value
    upper :: Word32 -> Word16
    upper word = fromIntegral (word `shiftR` 16)
    -- A payload that lies in the lower half alone must not become an infinity.
    quiet = if upper bits .&. 0x7f == 0 then 0x40 else 0
