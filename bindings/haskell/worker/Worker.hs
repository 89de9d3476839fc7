-- | The worker of the binding "haskell", on the kit of bindings/c/kit.
module Worker (main) where

import Control.Exception (IOException, try)
import Control.Monad.IO.Class (liftIO)
import Control.Monad.Trans.Except (ExceptT (..), except, runExceptT, throwE)
import Data.Bits (shiftL)
import qualified Data.ByteString as B
import qualified Data.ByteString.Builder as Builder
import qualified Data.ByteString.Internal as B (fromForeignPtr, toForeignPtr)
import qualified Data.ByteString.Lazy as L
import Data.Foldable (for_, traverse_)
import Data.Map.Strict (Map)
import qualified Data.Map.Strict as Map
import Data.Maybe (fromMaybe)
import Data.Proxy (Proxy)
import Data.Text (Text)
import qualified Data.Text as T
import Data.Text.Encoding (encodeUtf8)
import qualified Data.Vector.Storable as V
import Data.Version (showVersion)
import Foreign.ForeignPtr (castForeignPtr, plusForeignPtr)
import Foreign.Ptr (Ptr)
import Foreign.Storable (sizeOf)
import qualified Kit
import Stele
import System.Info (compilerVersion)

type Answer = ExceptT SteleError IO

-- ---- Tensors, through the constructor and the accessor that users call ----

readTensor :: Kit.Input -> Answer (Text, Tensor)
readTensor input = do
  bytes <- liftIO (B.readFile (Kit.inputPath input))
  let dims = Kit.inputDims input
  tensor <- except $ case Kit.inputDType input >>= someElement of
    Just (SomeElement of_) -> fromVector dims (elements of_ bytes)
    Nothing -> fromStrings dims (split bytes)
  pure (Kit.inputName input, tensor)

elements :: forall a. Element a => Proxy a -> B.ByteString -> V.Vector a
elements _ bytes = V.unsafeFromForeignPtr0 (castForeignPtr (plusForeignPtr start offset)) (size `div` sizeOf (undefined :: a))
  where
    (start, offset, size) = B.toForeignPtr bytes

-- | Each behind its length; the kit has checked these.
split :: B.ByteString -> [B.ByteString]
split bytes
  | B.null bytes = []
  | otherwise = B.take size (B.drop 4 bytes) : split (B.drop (4 + size) bytes)
  where
    size = B.foldr' (\byte above -> above `shiftL` 8 + fromIntegral byte) 0 (B.take 4 bytes)

writeTensor :: Ptr Kit.CWorker -> (Text, Tensor) -> Answer ()
writeTensor worker (name, tensor) = do
  bytes <- except $ case someElement (dtype tensor) of
    Just (SomeElement of_) -> stored of_ <$> toVector tensor
    Nothing -> join <$> toStrings tensor
  -- Where the kit has no file for an output, it knows why.
  path <- liftIO (Kit.output worker name (dtype tensor) (shape tensor) (B.length bytes))
  liftIO (for_ path (`B.writeFile` bytes))

stored :: forall a. Element a => Proxy a -> V.Vector a -> B.ByteString
stored _ vector = B.fromForeignPtr (castForeignPtr start) 0 (size * sizeOf (undefined :: a))
  where
    (start, size) = V.unsafeToForeignPtr0 vector

join :: [B.ByteString] -> B.ByteString
join = L.toStrict . Builder.toLazyByteString . foldMap framed
  where
    framed bytes = Builder.word32LE (fromIntegral (B.length bytes)) <> Builder.byteString bytes

-- ---- Requests ----

-- | Answers a request, and returns the model that is loaded then.
answer :: Ptr Kit.CWorker -> Maybe Model -> Kit.Request -> Answer (Maybe Model)
answer worker loaded request = case request of
  Kit.Load folder tagText profile proto -> do
    model <- ExceptT (load (options tagText profile proto) folder)
    liftIO (traverse_ (describe worker) (signatures model) >> traverse_ close loaded)
    pure (Just model)
  Kit.Run signature inputs -> do
    model <- maybe (throwE (SteleError FailedPrecondition "no model is loaded")) pure loaded
    tensors <- traverse readTensor inputs
    outputs <- repeated worker (ExceptT (runSignature model signature tensors))
    traverse_ (writeTensor worker) (Map.toList outputs)
    pure loaded
  Kit.Unload -> Nothing <$ liftIO (traverse_ close loaded)
  Kit.Other verb -> throwE (SteleError Unimplemented ("verb " <> T.pack (show verb) <> " of the kit"))

options :: Text -> Maybe Text -> Maybe B.ByteString -> Options
options tagText profile proto =
  defaults
    { tags = filter (not . T.null) (T.splitOn "," tagText),
      config = maybe (Profile <$> profile) (Just . Proto) proto
    }

describe :: Ptr Kit.CWorker -> Signature -> IO ()
describe worker signature = do
  traverse_ (one False) (signatureInputs signature)
  traverse_ (one True) (signatureOutputs signature)
  where
    one isOutput info =
      Kit.describe worker (signatureName signature) isOutput (infoName info) (infoDTypeName info) $
        map (fromMaybe (-1)) <$> infoShape info

repeated :: Ptr Kit.CWorker -> Answer (Map Text Tensor) -> Answer (Map Text Tensor)
repeated worker call = go Map.empty
  where
    go outputs = do
      again <- liftIO (Kit.c_again worker)
      if again == 0 then pure outputs else call >>= go

serve :: Ptr Kit.CWorker -> Maybe Model -> IO ()
serve worker loaded = Kit.next worker >>= maybe (traverse_ close loaded) served
  where
    served request = do
      answered <- try (runExceptT (answer worker loaded request))
      case either unreadable id answered of
        Right model -> Kit.c_ok worker >> serve worker model
        Left (SteleError code message) -> do
          B.useAsCString (encodeUtf8 message) (Kit.c_error worker (codeNumber code))
          serve worker loaded
    unreadable raised = Left (SteleError Internal (T.pack (show (raised :: IOException))))

main :: IO ()
main = do
  worker <- Kit.new "haskell" ("GHC " <> T.pack (showVersion compilerVersion))
  serve worker Nothing
  Kit.c_free worker
