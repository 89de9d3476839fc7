-- | A tensor: a dtype, a shape, and elements in row-major order.
module Stele.Tensor
  ( Tensor,
    fromVector,
    toVector,
    fromStrings,
    toStrings,
    dtype,
    shape,
    showShape,
    withTensors,
    copyTensor,
  )
where

import Data.ByteString (ByteString)
import qualified Data.ByteString as B
import Data.ByteString.Unsafe (unsafeUseAsCStringLen)
import Data.Proxy (Proxy (..))
import Data.Text (Text)
import qualified Data.Text as T
import Data.Typeable (cast)
import qualified Data.Vector.Storable as V
import Data.Word (Word64)
import Foreign.C.String (CString)
import Foreign.ForeignPtr (mallocForeignPtrBytes, withForeignPtr)
import Foreign.Marshal.Alloc (alloca)
import Foreign.Marshal.Array (peekArray, withArray, withArrayLen)
import Foreign.Marshal.Utils (copyBytes, with, withMany)
import Foreign.Ptr (Ptr, castPtr, nullPtr)
import Foreign.Storable (peek, sizeOf)
import Stele.Element
import Stele.Error
import Stele.Raw
import System.IO.Unsafe (unsafeDupablePerformIO)

data Tensor
  = forall a. Element a => Numbers [Int] (V.Vector a)
  | Strings [Int] [ByteString]

-- | @"FP32 [1,8,8,1]"@
instance Show Tensor where
  show tensor = show (dtype tensor) <> " " <> T.unpack (showShape (shape tensor))

dtype :: Tensor -> DType
dtype (Numbers _ elements) = dtypeOf elements
dtype (Strings _ _) = BYTES

shape :: Tensor -> [Int]
shape (Numbers dims _) = dims
shape (Strings dims _) = dims

showShape :: [Int] -> Text
showShape dims = "[" <> T.intercalate "," (T.pack . show <$> dims) <> "]"

-- | A tensor of that shape, @[]@ for a scalar, without a copy.
-- 'InvalidArgument' when the shape is none, or has another number of elements.
fromVector :: Element a => [Int] -> V.Vector a -> Either SteleError Tensor
fromVector dims elements = Numbers dims elements <$ checkCount (dtypeOf elements) dims (V.length elements)

-- | The elements, without a copy: @toVector tensor :: Either SteleError (Vector Float)@.
-- 'InvalidArgument' when they are of another dtype.
toVector :: forall a. Element a => Tensor -> Either SteleError (V.Vector a)
toVector tensor = case tensor of
  Numbers _ elements | Just asked <- cast elements -> Right asked
  _ -> otherDType tensor (dtypeOf (Proxy :: Proxy a))

-- | BYTES of that shape: any bytes, NUL included.
-- 'InvalidArgument' when the shape is none, or has another number of elements.
fromStrings :: [Int] -> [ByteString] -> Either SteleError Tensor
fromStrings dims elements = Strings dims elements <$ checkCount BYTES dims (length elements)

-- | The elements of BYTES. 'InvalidArgument' when they are of another dtype.
toStrings :: Tensor -> Either SteleError [ByteString]
toStrings (Strings _ elements) = Right elements
toStrings tensor = otherDType tensor BYTES

otherDType :: Tensor -> DType -> Either SteleError a
otherDType tensor asked =
  invalid ("tensor has dtype " <> T.pack (show (dtype tensor)) <> ", read as " <> T.pack (show asked))

checkCount :: DType -> [Int] -> Int -> Either SteleError ()
checkCount of_ dims given = do
  needed <- countOf of_ dims
  if needed == given
    then Right ()
    else invalid ("shape " <> showShape dims <> " has " <> number needed <> " elements, " <> number given <> " given")
  where
    number = T.pack . show

countOf :: DType -> [Int] -> Either SteleError Int
countOf of_ dims = unsafeDupablePerformIO . withArrayLen (fromIntegral <$> dims) $ \rank place ->
  with (CTensor nullPtr (dtypeNumber of_) (fromIntegral rank) place nullPtr 0) $ \tensor ->
    alloca $ \size -> withCode (c_tensor_size tensor size) >>= traverse (const (count <$> peek size))
  where
    count bytes = fromIntegral (bytes `div` c_dtype_size (dtypeNumber of_))

-- | Views for C of tensors by name, as long as a call takes. Numbers are not copied.
withTensors :: [(Text, Tensor)] -> (Ptr CTensor -> Int -> IO (Either SteleError a)) -> IO (Either SteleError a)
withTensors tensors use = withNames (fst <$> tensors) $ \names ->
  withMany withTensor (zip names (snd <$> tensors)) $ \views ->
    withArrayLen views (flip use)

-- | Either all names are for C, or none is needed.
withNames :: [Text] -> ([CString] -> IO (Either SteleError a)) -> IO (Either SteleError a)
withNames names use = go names []
  where
    go [] places = use (reverse places)
    go (name : rest) places = withText name (go rest . (: places))

withTensor :: (CString, Tensor) -> (CTensor -> IO a) -> IO a
withTensor (name, tensor) use = withArrayLen (fromIntegral <$> shape tensor) $ \rank dims ->
  let view = CTensor name (dtypeNumber (dtype tensor)) (fromIntegral rank) dims
   in case tensor of
        Numbers _ elements -> V.unsafeWith elements $ \start -> use (view (castPtr start) (bytesOf elements))
        Strings _ elements -> withMany unsafeUseAsCStringLen elements $ \places ->
          withArray [CBytes start (fromIntegral size) | (start, size) <- places] $ \start ->
            use (view (castPtr start) (fromIntegral (length elements * sizeOf (undefined :: CBytes))))
  where
    bytesOf :: forall b. Element b => V.Vector b -> Word64
    bytesOf elements = fromIntegral (V.length elements * sizeOf (undefined :: b))

-- | A copy of an output, which the garbage collector knows the size of.
copyTensor :: CTensor -> IO (Text, Tensor)
copyTensor (CTensor name number rank dims start size) = do
  text <- textOf name
  sizes <- map fromIntegral <$> peekArray (fromIntegral rank) dims
  tensor <- case dtypeOfNumber number >>= someElement of
    Just (SomeElement of_) -> Numbers sizes <$> copyNumbers of_
    Nothing -> Strings sizes <$> (peekArray count (castPtr start) >>= traverse copyString)
  pure (text, tensor)
  where
    count = fromIntegral size `div` sizeOf (undefined :: CBytes)
    copyString (CBytes from length_) = B.packCStringLen (from, fromIntegral length_)
    copyNumbers :: forall a. Element a => Proxy a -> IO (V.Vector a)
    copyNumbers _ = do
      memory <- mallocForeignPtrBytes (fromIntegral size)
      withForeignPtr memory $ \to -> copyBytes to (castPtr start) (fromIntegral size)
      pure (V.unsafeFromForeignPtr0 memory (fromIntegral size `div` sizeOf (undefined :: a)))
