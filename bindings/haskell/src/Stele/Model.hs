-- | A loaded SavedModel.
module Stele.Model
  ( Model,
    Options (..),
    Config (..),
    defaults,
    load,
    withModel,
    signatures,
    run,
    runSignature,
    close,
    isClosed,
    tensorflowVersion,
  )
where

import Control.Concurrent.MVar (MVar, newMVar, readMVar, swapMVar, withMVar)
import Control.Exception (bracket, bracketOnError)
import Data.ByteString (ByteString)
import qualified Data.ByteString as B
import Data.ByteString.Unsafe (unsafeUseAsCStringLen)
import Data.Map.Strict (Map)
import qualified Data.Map.Strict as Map
import Data.Text (Text)
import qualified Data.Text as T
import Data.Word (Word64)
import Foreign.C.String (CString)
import Foreign.ForeignPtr (ForeignPtr, finalizeForeignPtr, newForeignPtr, withForeignPtr)
import Foreign.Marshal.Alloc (allocaBytes)
import Foreign.Marshal.Array (peekArray)
import Foreign.Ptr (Ptr, nullPtr)
import Stele.Error
import Stele.Raw
import Stele.Signature
import Stele.Tensor

-- | Any number of threads may run one model at once. In a program that is linked with
-- @-threaded@, a load or a run keeps no other Haskell thread from going on.
data Model = Model
  { user :: ForeignPtr CModel,
    closed :: MVar Bool,
    -- | Sorted by name; there after 'close', too.
    signatures :: [Signature]
  }

-- | How to load.
data Options = Options
  { -- | The exact set of tags of the graph.
    tags :: [Text],
    config :: Maybe Config,
    -- | TensorFlow's file or folder, which is searched for unless given.
    libtensorflow :: Maybe FilePath
  }

-- | The session's configuration: "default", "inline", "single" or "python"; or a serialized
-- ConfigProto.
data Config = Profile Text | Proto ByteString

-- | The tag "serve" and TensorFlow's own configuration.
defaults :: Options
defaults = Options ["serve"] Nothing Nothing

-- | Loads a SavedModel and its variables.
--
-- 'NotFound' when the folder, its variables, such a graph or TensorFlow is missing;
-- 'DataLoss' for a damaged model; 'InvalidArgument' for a profile or ConfigProto that is
-- none; whatever TensorFlow reports.
load :: Options -> FilePath -> IO (Either SteleError Model)
load options folder = withPath folder $ \path -> withOptions options $ \place ->
  bracketOnError (withError (c_load path place)) (mapM_ c_free) (traverse own)

own :: Ptr CModel -> IO Model
own place = do
  described <- readSignatures place
  notClosed <- newMVar False
  owned <- newForeignPtr p_free place
  pure (Model owned notClosed described)

withOptions :: Options -> (Ptr COptions -> IO (Either SteleError a)) -> IO (Either SteleError a)
withOptions options use =
  withText (T.intercalate "," (tags options)) $ \tagText ->
    withConfig (config options) $ \profile proto ->
      maybe ($ nullPtr) withPath (libtensorflow options) $ \library ->
        allocaBytes optionsSize $ \place -> pokeOptions place tagText profile proto library >> use place

withConfig :: Maybe Config -> (CString -> (CString, Word64) -> IO (Either SteleError a)) -> IO (Either SteleError a)
withConfig Nothing use = use nullPtr (nullPtr, 0)
withConfig (Just (Profile name)) use = withText name $ \profile -> use profile (nullPtr, 0)
-- With a byte more: an empty ConfigProto has no bytes, and is one all the same.
withConfig (Just (Proto bytes)) use = unsafeUseAsCStringLen (bytes <> "\0") $ \(start, _) ->
  use nullPtr (start, fromIntegral (B.length bytes))

-- | 'load', a function of the model, and 'close', also when it throws.
withModel :: Options -> FilePath -> (Model -> IO (Either SteleError a)) -> IO (Either SteleError a)
withModel options folder use =
  bracket (load options folder) (mapM_ close) (either (pure . Left) use)

-- | Runs "serving_default".
run :: Model -> [(Text, Tensor)] -> IO (Either SteleError (Map Text Tensor))
run model = runSignature model "serving_default"

-- | Runs a signature on tensors by name, and returns its outputs, which outlive the model.
-- Inputs are checked before TensorFlow sees them.
--
-- 'NotFound' for a signature that there is not; 'InvalidArgument' for inputs that do not
-- fit; 'FailedPrecondition' after 'close'; whatever TensorFlow reports.
runSignature :: Model -> Text -> [(Text, Tensor)] -> IO (Either SteleError (Map Text Tensor))
runSignature model signature inputs = withText signature $ \name ->
  withTensors inputs $ \views count ->
    bracket (borrow model) (mapM_ c_free) . either (pure . Left) $ \borrowed ->
      bracket (withError (c_run borrowed name views (fromIntegral count))) (mapM_ c_outputs_free) (traverse copyOutputs)

copyOutputs :: Ptr COutputs -> IO (Map Text Tensor)
copyOutputs place = do
  (count, tensors) <- peekOutputs place
  Map.fromList <$> (peekArray (fromIntegral count) tensors >>= traverse copyTensor)

-- | A user of the model for the length of a call, which 'close' does not take away.
borrow :: Model -> IO (Either SteleError (Ptr CModel))
borrow model = withMVar (closed model) $ \isIt ->
  if isIt
    then pure (Left (SteleError FailedPrecondition "the model is closed"))
    else Right <$> withForeignPtr (user model) c_retain

-- | Refuses further runs and releases the model when those under way have ended; twice is
-- harmless. The garbage collector does it too.
close :: Model -> IO ()
close model = swapMVar (closed model) True >> finalizeForeignPtr (user model)

isClosed :: Model -> IO Bool
isClosed = readMVar . closed

-- | The version of TensorFlow, "2.21.0"; loads it when it is not loaded yet.
tensorflowVersion :: IO (Either SteleError Text)
tensorflowVersion = withError c_tensorflow_version >>= traverse textOf
