-- | What a model takes and gives.
module Stele.Signature (Signature (..), TensorInfo (..), showInfo, readSignatures) where

import Control.Monad ((>=>))
import Data.Int (Int64)
import Data.Text (Text)
import qualified Data.Text as T
import Data.Word (Word64)
import Foreign.Marshal.Array (peekArray)
import Foreign.Ptr (Ptr, nullPtr)
import Stele.Element (DType)
import Stele.Error (textOf)
import Stele.Raw
import Text.Read (readMaybe)

-- | One way to call a model; inputs and outputs are sorted by name.
data Signature = Signature
  { signatureName :: Text,
    signatureInputs :: [TensorInfo],
    signatureOutputs :: [TensorInfo]
  }
  deriving (Eq, Show)

-- | An input or output of a signature.
data TensorInfo = TensorInfo
  { infoName :: Text,
    -- | @"FP32"@; @"TF_20"@ for a type of TensorFlow's that has no name here.
    infoDTypeName :: Text,
    -- | 'Nothing' for such a type, which cannot be run.
    infoDType :: Maybe DType,
    -- | 'Nothing' for an unknown rank; 'Nothing' in it for an unknown dimension.
    infoShape :: Maybe [Maybe Int],
    -- | The SignatureDef has a default: a run may leave it out.
    infoOptional :: Bool
  }
  deriving (Eq, Show)

-- | @"image FP32 [?,8,8,1]"@
showInfo :: TensorInfo -> Text
showInfo info = T.unwords [infoName info, infoDTypeName info, maybe "?" dims (infoShape info)]
  where
    dims sizes = "[" <> T.intercalate "," (maybe "?" (T.pack . show) <$> sizes) <> "]"

-- | All signatures of a model, sorted by name.
readSignatures :: Ptr CModel -> IO [Signature]
readSignatures model = do
  count <- c_signature_count model
  traverse (c_signature_at model >=> readSignature) (takeWhile (< count) [0 ..])

readSignature :: Ptr CSignature -> IO Signature
readSignature place = do
  (name, inputs, outputs) <- peekSignature place
  Signature <$> textOf name <*> readInfos inputs <*> readInfos outputs

readInfos :: (Word64, Ptr CInfo) -> IO [TensorInfo]
readInfos (count, place) = peekArray (fromIntegral count) place >>= traverse readInfo

readInfo :: CInfo -> IO TensorInfo
readInfo (CInfo name rank dtypeName dims defaultValue) = do
  text <- textOf dtypeName
  sizes <- if rank < 0 then pure Nothing else Just <$> peekArray (fromIntegral rank) dims
  named <- textOf name
  pure (TensorInfo named text (readMaybe (T.unpack text)) (map known <$> sizes) (defaultValue /= nullPtr))

known :: Int64 -> Maybe Int
known size = if size < 0 then Nothing else Just (fromIntegral size)
