-- | What went wrong: a value, and an exception for those who throw it.
module Stele.Error
  ( Code (..),
    codeNumber,
    codeName,
    SteleError (..),
    display,
    invalid,
    withError,
    withCode,
    textOf,
    withText,
    withPath,
  )
where

import Control.Exception (Exception (..), IOException, try)
import qualified Data.ByteString as B
import Data.Int (Int32)
import Data.Text (Text)
import qualified Data.Text as T
import Data.Text.Encoding (decodeUtf8With, encodeUtf8)
import Data.Text.Encoding.Error (lenientDecode)
import Foreign.C.String (CString)
import Foreign.Marshal.Alloc (allocaBytes)
import Foreign.Ptr (Ptr, nullPtr)
import GHC.Foreign (withCStringLen)
import GHC.IO.Encoding (getFileSystemEncoding)
import Stele.Raw
import System.IO.Unsafe (unsafeDupablePerformIO)

-- | The canonical codes, in the order of their numbers in TensorFlow, absl and gRPC, 1 to 16.
data Code
  = Cancelled
  | Unknown
  | InvalidArgument
  | DeadlineExceeded
  | NotFound
  | AlreadyExists
  | PermissionDenied
  | ResourceExhausted
  | FailedPrecondition
  | Aborted
  | OutOfRange
  | Unimplemented
  | Internal
  | Unavailable
  | DataLoss
  | Unauthenticated
  deriving (Eq, Ord, Show, Enum, Bounded)

-- | 5 for 'NotFound'.
codeNumber :: Code -> Int32
codeNumber = (+ 1) . fromIntegral . fromEnum

-- | @NOT_FOUND@ for 'NotFound'.
codeName :: Code -> Text
codeName = unsafeDupablePerformIO . textOf . c_code_name . codeNumber

-- | The message is for people and names the culprit; the code says of what kind it is.
data SteleError = SteleError {errorCode :: Code, errorMessage :: Text}
  deriving (Eq, Show)

instance Exception SteleError where
  displayException = T.unpack . display

-- | @NOT_FOUND: no SavedModel at …@
display :: SteleError -> Text
display (SteleError code message) = codeName code <> ": " <> message

invalid :: Text -> Either SteleError a
invalid = Left . SteleError InvalidArgument

-- | A call of C's that says by a null pointer that it has filled in an error.
withError :: (Ptr CError -> IO (Ptr a)) -> IO (Either SteleError (Ptr a))
withError call = allocaBytes errorSize $ \place -> do
  result <- call place
  if result /= nullPtr then pure (Right result) else Left <$> readError place

-- | A call of C's that returns a code.
withCode :: (Ptr CError -> IO Int32) -> IO (Either SteleError ())
withCode call = allocaBytes errorSize $ \place -> do
  code <- call place
  if code == 0 then pure (Right ()) else Left <$> readError place

readError :: Ptr CError -> IO SteleError
readError place = do
  (number, message) <- peekError place
  SteleError (codeOf number) <$> textOf message

codeOf :: Int32 -> Code
codeOf number
  | number < 1 || number > codeNumber maxBound = Unknown
  | otherwise = toEnum (fromIntegral number - 1)

-- | Text of C's, which is UTF-8 whatever the locale.
textOf :: CString -> IO Text
textOf start = decodeUtf8With lenientDecode <$> B.packCString start

-- | Text for C, where it would end at a NUL.
withText :: Text -> (CString -> IO (Either SteleError a)) -> IO (Either SteleError a)
withText text use
  | T.any (== '\0') text = pure (holdsNul text)
  | otherwise = B.useAsCString (encodeUtf8 text) use

-- | A path for C, in the bytes that it has on disk, which the locale knows.
withPath :: FilePath -> (CString -> IO (Either SteleError a)) -> IO (Either SteleError a)
withPath path use
  | '\0' `elem` path = pure (holdsNul (T.pack path))
  | otherwise = do
    encoding <- getFileSystemEncoding
    encoded <- try (withCStringLen encoding path B.packCStringLen)
    either beyond (`B.useAsCString` use) encoded
  where
    beyond raised = pure (invalid ("no path in this locale: " <> T.pack (show path <> ": " <> show (raised :: IOException))))

holdsNul :: Text -> Either SteleError a
holdsNul text = invalid ("a name or path holds a NUL: \"" <> T.replace "\0" "\\0" text <> "\"")
