-- | The worker kit of bindings/c/kit, whose header says what each call does.
module Kit where

import Data.ByteString (ByteString)
import qualified Data.ByteString as B
import Data.Int (Int32, Int64)
import Data.Text (Text)
import Data.Text.Encoding (encodeUtf8)
import Data.Word (Word64)
import Foreign.C.String (CString)
import Foreign.Marshal.Array (peekArray, withArrayLen)
import Foreign.Ptr (Ptr, nullPtr, plusPtr)
import Foreign.Storable (peekByteOff)
import GHC.Foreign (peekCString)
import GHC.IO.Encoding (getFileSystemEncoding)
import Stele (DType)
import Stele.Element (dtypeNumber, dtypeOfNumber)
import Stele.Error (textOf)

#include <stele_worker.h>

data CWorker

data CRequest

foreign import ccall unsafe "stele_worker_new" c_new :: CString -> CString -> CString -> IO (Ptr CWorker)

foreign import ccall unsafe "stele_worker_free" c_free :: Ptr CWorker -> IO ()

foreign import ccall safe "stele_worker_next" c_next :: Ptr CWorker -> IO (Ptr CRequest)

foreign import ccall unsafe "stele_worker_again" c_again :: Ptr CWorker -> IO Int32

foreign import ccall unsafe "stele_worker_describe" c_describe :: Ptr CWorker -> CString -> Int32 -> CString -> CString -> Int32 -> Ptr Int64 -> IO ()

foreign import ccall unsafe "stele_worker_output" c_output :: Ptr CWorker -> CString -> Int32 -> Int32 -> Ptr Int64 -> Word64 -> IO CString

foreign import ccall unsafe "stele_worker_ok" c_ok :: Ptr CWorker -> IO ()

foreign import ccall unsafe "stele_worker_error" c_error :: Ptr CWorker -> Int32 -> CString -> IO ()

foreign import ccall unsafe "stele_worker_unsupported" c_unsupported :: Ptr CWorker -> CString -> IO ()

-- | A tensor of a run, its elements in a file.
data Input = Input {inputName :: Text, inputDType :: Maybe DType, inputDims :: [Int], inputPath :: FilePath}

data Request
  = -- | Folder, tags, profile, ConfigProto.
    Load FilePath Text (Maybe Text) (Maybe ByteString)
  | -- | Signature, inputs.
    Run Text [Input]
  | Unload
  | Other Int32

next :: Ptr CWorker -> IO (Maybe Request)
next worker = do
  request <- c_next worker
  if request == nullPtr then pure Nothing else Just <$> peekRequest request

peekRequest :: Ptr CRequest -> IO Request
peekRequest p = do
  verb <- #{peek stele_worker_request, verb} p
  case verb of
    #{const STELE_WORKER_LOAD} -> peekLoad p
    #{const STELE_WORKER_RUN} -> peekRun p
    #{const STELE_WORKER_UNLOAD} -> pure Unload
    _ -> pure (Other verb)

peekLoad :: Ptr CRequest -> IO Request
peekLoad p = do
  size <- #{peek stele_worker_request, config_size} p :: IO Word64
  Load
    <$> (#{peek stele_worker_request, dir} p >>= pathOf)
    <*> (#{peek stele_worker_request, tags} p >>= textOf)
    <*> (#{peek stele_worker_request, profile} p >>= unlessNull textOf)
    <*> (#{peek stele_worker_request, config} p >>= unlessNull (\start -> B.packCStringLen (start, fromIntegral size)))

unlessNull :: (Ptr a -> IO b) -> Ptr a -> IO (Maybe b)
unlessNull use place = if place == nullPtr then pure Nothing else Just <$> use place

peekRun :: Ptr CRequest -> IO Request
peekRun p = do
  count <- #{peek stele_worker_request, n_inputs} p :: IO Word64
  inputs <- #{peek stele_worker_request, inputs} p
  Run
    <$> (#{peek stele_worker_request, signature} p >>= textOf)
    <*> traverse (peekInput . plusPtr inputs . (* #{size stele_worker_input})) [0 .. fromIntegral count - 1]

peekInput :: Ptr () -> IO Input
peekInput p = do
  rank <- #{peek stele_worker_input, rank} p :: IO Int32
  dims <- #{peek stele_worker_input, dims} p >>= peekArray (fromIntegral rank) :: IO [Int64]
  Input
    <$> (#{peek stele_worker_input, name} p >>= textOf)
    <*> (dtypeOfNumber <$> #{peek stele_worker_input, dtype} p)
    <*> pure (fromIntegral <$> dims)
    <*> (#{peek stele_worker_input, path} p >>= pathOf)

pathOf :: CString -> IO FilePath
pathOf start = getFileSystemEncoding >>= \encoding -> peekCString encoding start

cString :: Text -> (CString -> IO a) -> IO a
cString = B.useAsCString . encodeUtf8

new :: Text -> Text -> IO (Ptr CWorker)
new binding language = cString binding $ \id_ -> cString language $ \text -> c_new id_ text nullPtr

-- | Signature, whether it is an output, name, dtype, dims with -1 where unknown.
describe :: Ptr CWorker -> Text -> Bool -> Text -> Text -> Maybe [Int] -> IO ()
describe worker signature isOutput name dtype dims =
  cString signature $ \of_ -> cString name $ \text -> cString dtype $ \number ->
    withArrayLen (maybe [] (map fromIntegral) dims) $ \rank place ->
      c_describe worker of_ (fromIntegral (fromEnum isOutput)) text number (maybe (-1) (const (fromIntegral rank)) dims) place

-- | The file to write an output of so many bytes into.
output :: Ptr CWorker -> Text -> DType -> [Int] -> Int -> IO (Maybe FilePath)
output worker name dtype dims size =
  cString name $ \text -> withArrayLen (fromIntegral <$> dims) $ \rank place ->
    c_output worker text (dtypeNumber dtype) (fromIntegral rank) place (fromIntegral size) >>= unlessNull pathOf
