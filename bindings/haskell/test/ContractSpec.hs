{-# LANGUAGE DefaultSignatures #-}

-- | The tables of bindings/contract.
module ContractSpec (spec) where

import Control.Monad (forM_)
import Data.Bits (shiftR, (.&.))
import qualified Data.ByteString as B
import Data.Complex (Complex (..))
import Data.Int (Int16, Int32, Int64, Int8)
import Data.List (sort)
import Data.Map.Strict ((!))
import Data.Proxy (Proxy (..))
import Data.Text (Text)
import qualified Data.Text as T
import qualified Data.Vector.Storable as V
import Data.Word (Word16, Word32, Word64, Word8)
import Foreign.Storable (sizeOf)
import GHC.Float (castFloatToWord32, castWord32ToFloat, castWord64ToDouble)
import Numeric (readHex)
import Numeric.Half (Half (..), toHalf)
import Stele
import Stele.Element (dtypeNumber)
import Support
import Test.Hspec

hex :: (Eq a, Num a) => Text -> a
hex = fst . head . readHex . T.unpack

unhex :: Text -> B.ByteString
unhex = B.pack . map hex . T.chunksOf 2

number :: Read a => Text -> a
number = read . T.unpack

-- | A literal of values.tsv as an element.
class Element a => Literal a where
  literal :: Text -> a
  default literal :: Read a => Text -> a
  literal = number

instance Literal Bool8 where literal = fromBool . (== "true")

instance Literal Int8

instance Literal Int16

instance Literal Int32

instance Literal Int64

instance Literal Word8

instance Literal Word16

instance Literal Word32

instance Literal Word64

-- | Bits behind nan:, infinities, or a decimal.
float :: (Fractional a, Read a) => (Text -> a) -> Text -> a
float ofBits text
  | Just bits <- T.stripPrefix "nan:" text = ofBits bits
  | text == "-inf" = -1 / 0
  | otherwise = number text

instance Literal Float where literal = float (castWord32ToFloat . hex)

instance Literal Double where literal = float (castWord64ToDouble . hex)

instance Literal Half where
  literal text
    | Just bits <- T.stripPrefix "nan:" text = Half (hex bits)
    | otherwise = toHalf (literal text)

instance Literal BFloat16 where
  literal text
    | Just bits <- T.stripPrefix "nan:" text = BFloat16 (hex bits)
    | otherwise = toBFloat16 (literal text)

instance Literal (Complex Float) where literal = complex literal

instance Literal (Complex Double) where literal = complex literal

complex :: (Text -> a) -> Text -> Complex a
complex part text = case T.splitOn ";" text of
  [real, imaginary] -> part real :+ part imaginary
  _ -> error "no complex number"

bytesOf :: forall a. Element a => V.Vector a -> B.ByteString
bytesOf = B.pack . V.toList . (V.unsafeCast :: V.Vector a -> V.Vector Word8)

-- | Through the constructor, a call and the accessor.
sameValues :: forall a. Literal a => Model -> Proxy a -> [Int] -> [Text] -> B.ByteString -> Expectation
sameValues model of_ dims literals expected = do
  let given = V.fromList (literal <$> literals) :: V.Vector a
  bytesOf given `shouldBe` expected
  tensor <- ok (fromVector dims given)
  outputs <- runSignature model (T.toLower (T.pack (show (dtypeOf of_)))) [("x", tensor)] >>= ok
  shape (outputs ! "same") `shouldBe` dims
  found <- ok (toVector (outputs ! "same")) :: IO (V.Vector a)
  bytesOf found `shouldBe` expected

sameStrings :: Model -> [Int] -> [Text] -> Expectation
sameStrings model dims literals = do
  let given = unhex . T.drop 4 <$> literals
  tensor <- ok (fromStrings dims given)
  outputs <- runSignature model "bytes" [("x", tensor)] >>= ok
  ok (toStrings (outputs ! "same")) `shouldReturn` given

sameRow :: Model -> [Text] -> Expectation
sameRow model row = case read (T.unpack (head row)) of
  BOOL -> numbers (Proxy :: Proxy Bool8)
  INT8 -> numbers (Proxy :: Proxy Int8)
  INT16 -> numbers (Proxy :: Proxy Int16)
  INT32 -> numbers (Proxy :: Proxy Int32)
  INT64 -> numbers (Proxy :: Proxy Int64)
  UINT8 -> numbers (Proxy :: Proxy Word8)
  UINT16 -> numbers (Proxy :: Proxy Word16)
  UINT32 -> numbers (Proxy :: Proxy Word32)
  UINT64 -> numbers (Proxy :: Proxy Word64)
  FP16 -> numbers (Proxy :: Proxy Half)
  BF16 -> numbers (Proxy :: Proxy BFloat16)
  FP32 -> numbers (Proxy :: Proxy Float)
  FP64 -> numbers (Proxy :: Proxy Double)
  C64 -> numbers (Proxy :: Proxy (Complex Float))
  C128 -> numbers (Proxy :: Proxy (Complex Double))
  BYTES -> sameStrings model dims literals
  where
    dims = number <$> T.splitOn "," (row !! 1)
    literals = T.splitOn "," (row !! 2)
    numbers :: Literal a => Proxy a -> Expectation
    numbers of_ = sameValues model of_ dims literals (unhex (row !! 3))

spec :: Spec
spec = do
  it "has these codes" $ do
    rows <- table "codes.tsv" ["number", "name"]
    tail rows `shouldBe` [[T.pack (show (codeNumber code)), codeName code] | code <- [minBound ..]]

  it "has these dtypes" $ do
    rows <- table "dtypes.tsv" ["name", "number", "size", "kind"]
    sort (head <$> rows) `shouldBe` sort [T.pack (show of_) | of_ <- [minBound .. maxBound :: DType]]
    forM_ rows $ \row -> do
      let of_ = read (T.unpack (head row))
      dtypeNumber of_ `shouldBe` number (row !! 1)
      forM_ (someElement of_) $ \(SomeElement (_ :: Proxy a)) ->
        (sizeOf (undefined :: a), dtypeOf (Proxy :: Proxy a)) `shouldBe` (number (row !! 2), of_)

  it "has these values" $ do
    rows <- table "values.tsv" ["dtype", "shape", "literals", "bytes"]
    length rows `shouldBe` length [minBound .. maxBound :: DType]
    folder <- savedModel "dtypes"
    withModel defaults folder (\model -> Right <$> mapM_ (sameRow model) rows) >>= ok

  it "has these profiles" $ do
    rows <- table "profiles.tsv" ["name", "config", "meaning"]
    folder <- savedModel "digits"
    forM_ rows $ \row -> do
      let with options = withModel options folder (fmap Right . answer) >>= ok
      byName <- with defaults {config = Just (Profile (head row))}
      with defaults {config = Just (Proto (unhex (row !! 1)))} `shouldReturn` byName

  it "rounds to the nearest BF16, in the middle to the even one" $
    forM_ [0 .. 0x7f7e] $ \bits -> do
      let at offset = castWord32ToFloat (fromIntegral bits * 0x10000 + offset)
          toBits value = let BFloat16 found = toBFloat16 value in found
      toBits (at 0) `shouldBe` bits
      toBits (at 0x7fff) `shouldBe` bits
      toBits (at 0x8000) `shouldBe` bits + bits .&. 1
      toBits (at 0x8001) `shouldBe` bits + 1
      castFloatToWord32 (fromBFloat16 (BFloat16 bits)) `shiftR` 16 `shouldBe` fromIntegral bits
