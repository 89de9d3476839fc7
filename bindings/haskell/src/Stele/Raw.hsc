-- | libstele's C interface, as @stele.h@ says it.
module Stele.Raw where

import Data.Int (Int32, Int64)
import Data.Word (Word64, Word8)
import Foreign.C.String (CString)
import Foreign.Ptr (FunPtr, Ptr, plusPtr)
import Foreign.Storable (Storable (..))

#include <stele.h>

data CModel

data CSignature

data COutputs

data COptions

data CError

foreign import ccall safe "stele_load" c_load :: CString -> Ptr COptions -> Ptr CError -> IO (Ptr CModel)

foreign import ccall unsafe "stele_retain" c_retain :: Ptr CModel -> IO (Ptr CModel)

-- | The last user's waits for TensorFlow.
foreign import ccall safe "stele_free" c_free :: Ptr CModel -> IO ()

foreign import ccall "&stele_free" p_free :: FunPtr (Ptr CModel -> IO ())

foreign import ccall unsafe "stele_signature_count" c_signature_count :: Ptr CModel -> IO Word64

foreign import ccall unsafe "stele_signature_at" c_signature_at :: Ptr CModel -> Word64 -> IO (Ptr CSignature)

foreign import ccall safe "stele_run" c_run :: Ptr CModel -> CString -> Ptr CTensor -> Word64 -> Ptr CError -> IO (Ptr COutputs)

foreign import ccall safe "stele_outputs_free" c_outputs_free :: Ptr COutputs -> IO ()

foreign import ccall unsafe "stele_tensor_size" c_tensor_size :: Ptr CTensor -> Ptr Word64 -> Ptr CError -> IO Int32

foreign import ccall unsafe "stele_dtype_size" c_dtype_size :: Int32 -> Word64

foreign import ccall unsafe "stele_code_name" c_code_name :: Int32 -> CString

foreign import ccall safe "stele_tensorflow_version" c_tensorflow_version :: Ptr CError -> IO CString

-- | @stele_tensor@
data CTensor = CTensor
  { tensorName :: CString,
    tensorDType :: Int32,
    tensorRank :: Int32,
    tensorDims :: Ptr Int64,
    tensorData :: Ptr Word8,
    tensorSize :: Word64
  }

instance Storable CTensor where
  sizeOf _ = #{size stele_tensor}
  alignment _ = #{alignment stele_tensor}
  peek p =
    CTensor
      <$> #{peek stele_tensor, name} p
      <*> #{peek stele_tensor, dtype} p
      <*> #{peek stele_tensor, rank} p
      <*> #{peek stele_tensor, dims} p
      <*> #{peek stele_tensor, data} p
      <*> #{peek stele_tensor, size} p
  poke p (CTensor name dtype rank dims elements size) = do
    #{poke stele_tensor, name} p name
    #{poke stele_tensor, dtype} p dtype
    #{poke stele_tensor, rank} p rank
    #{poke stele_tensor, dims} p dims
    #{poke stele_tensor, data} p elements
    #{poke stele_tensor, size} p size

-- | @stele_bytes@: an element of BYTES.
data CBytes = CBytes CString Word64

instance Storable CBytes where
  sizeOf _ = #{size stele_bytes}
  alignment _ = #{alignment stele_bytes}
  peek p = CBytes <$> #{peek stele_bytes, data} p <*> #{peek stele_bytes, size} p
  poke p (CBytes start size) = #{poke stele_bytes, data} p start >> #{poke stele_bytes, size} p size

-- | @stele_tensor_info@
data CInfo = CInfo
  { cInfoName :: CString,
    cInfoRank :: Int32,
    cInfoDTypeName :: CString,
    cInfoDims :: Ptr Int64,
    cInfoDefault :: Ptr CTensor
  }

instance Storable CInfo where
  sizeOf _ = #{size stele_tensor_info}
  alignment _ = #{alignment stele_tensor_info}
  peek p =
    CInfo
      <$> #{peek stele_tensor_info, name} p
      <*> #{peek stele_tensor_info, rank} p
      <*> #{peek stele_tensor_info, dtype_name} p
      <*> #{peek stele_tensor_info, dims} p
      <*> #{peek stele_tensor_info, default_value} p
  poke _ _ = error "stele_tensor_info is read-only"

-- | The name of a signature, its inputs and its outputs.
peekSignature :: Ptr CSignature -> IO (CString, (Word64, Ptr CInfo), (Word64, Ptr CInfo))
peekSignature p =
  (,,)
    <$> #{peek stele_signature, name} p
    <*> ((,) <$> #{peek stele_signature, n_inputs} p <*> #{peek stele_signature, inputs} p)
    <*> ((,) <$> #{peek stele_signature, n_outputs} p <*> #{peek stele_signature, outputs} p)

peekOutputs :: Ptr COutputs -> IO (Word64, Ptr CTensor)
peekOutputs p = (,) <$> #{peek stele_outputs, n_tensors} p <*> #{peek stele_outputs, tensors} p

optionsSize, errorSize :: Int
optionsSize = #{size stele_options}
errorSize = #{size stele_error}

-- | Tags, profile, ConfigProto and its size, TensorFlow's file or folder.
pokeOptions :: Ptr COptions -> CString -> CString -> (CString, Word64) -> CString -> IO ()
pokeOptions p tags profile (config, size) libtensorflow = do
  #{poke stele_options, struct_size} p (#{size stele_options} :: Int32)
  #{poke stele_options, tags} p tags
  #{poke stele_options, profile} p profile
  #{poke stele_options, config} p config
  #{poke stele_options, config_size} p size
  #{poke stele_options, libtensorflow} p libtensorflow

-- | Its code, and where its message is.
peekError :: Ptr CError -> IO (Int32, CString)
peekError p = flip (,) (p `plusPtr` #{offset stele_error, message}) <$> #{peek stele_error, code} p
