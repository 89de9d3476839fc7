-- | Loading, running, refusing; tensors.
module ModelSpec (spec) where

import Data.Map.Strict ((!))
import qualified Data.Text as T
import qualified Data.Vector.Storable as V
import Data.Word (Word8)
import Stele
import Support
import Test.Hspec

spec :: Spec
spec = do
  it "says what it takes and gives" . withDigits $ \model -> do
    map signatureName (signatures model) `shouldBe` ["serve", "serving_default"]
    let input = head (signatureInputs (head (signatures model)))
    input `shouldBe` TensorInfo "image" "FP32" (Just FP32) (Just [Nothing, Just 8, Just 8, Just 1]) False
    showInfo input `shouldBe` "image FP32 [?,8,8,1]"
    version <- tensorflowVersion >>= ok
    T.take 2 version `shouldBe` "2."

  it "refuses what it cannot load" $ do
    digits <- savedModel "digits"
    let loading options folder code = load options folder >>= refused code
    loading defaults "no/such" NotFound `says` "no SavedModel at \"no/such\": no such folder"
    -- A byte that is no UTF-8, as Haskell has it in a path.
    loading defaults "n\xdcfc" NotFound `names` "no SavedModel at \"n"
    loading defaults {tags = ["other"]} digits NotFound `names` "other"
    loading defaults {config = Just (Profile "fast")} digits InvalidArgument `names` "inline"
    loading defaults {config = Just (Proto "\255")} digits InvalidArgument `names` ""
    loading defaults {libtensorflow = Just "/no/such"} digits NotFound `names` "/no/such"
    let nul = "a name or path holds a NUL: \"a\\0b\""
    loading defaults "a\0b" InvalidArgument `says` nul
    loading defaults {tags = ["a\0b"]} digits InvalidArgument `says` nul
    loading defaults {config = Just (Profile "a\0b")} digits InvalidArgument `says` nul
    loading defaults {libtensorflow = Just "a\0b"} digits InvalidArgument `says` nul

  it "refuses inputs that do not fit" . withDigits $ \model -> do
    image <- blank
    flat <- ok (fromVector [64] (V.replicate 64 (0 :: Float)))
    double <- ok (fromVector [1, 8, 8, 1] (V.replicate 64 (0 :: Double)))
    let running inputs = run model inputs >>= refused InvalidArgument
    running [] `names` "missing"
    running [("image", image), ("image", image)] `names` "twice"
    running [("image", flat)] `names` "has shape [64], expected [?,8,8,1]"
    running [("image", double)] `names` "has dtype FP64, expected FP32"
    running [("image\0y", image)] `says` "a name or path holds a NUL: \"image\\0y\""
    (runSignature model "none" [("image", image)] >>= refused NotFound) `names` "serving_default"
    (runSignature model "serve\0" [("image", image)] >>= refused InvalidArgument) `names` "\\0"

  it "refuses a tensor that does not add up" $ do
    let ofShape dims = refused InvalidArgument (fromStrings dims ["a"])
    ofShape [2, 2] `says` "shape [2,2] has 4 elements, 1 given"
    ofShape [-1] `names` "-1"
    ofShape [maxBound, maxBound] `names` ""
    ofShape (replicate 300 1) `names` "300"
    refused InvalidArgument (fromVector [] (V.fromList [1, 2 :: Float])) `says` "shape [] has 1 elements, 2 given"

  it "reads a tensor as what it is" $ do
    image <- blank
    strings <- ok (fromStrings [2] ["a\0", "\255"])
    show image `shouldBe` "FP32 [1,8,8,1]"
    ok (toStrings strings) `shouldReturn` ["a\0", "\255"]
    refused InvalidArgument (toStrings image) `says` "tensor has dtype FP32, read as BYTES"
    refused InvalidArgument (toVector strings :: Either SteleError (V.Vector Word8))
      `says` "tensor has dtype BYTES, read as UINT8"
    refused InvalidArgument (toVector image :: Either SteleError (V.Vector Double))
      `says` "tensor has dtype FP32, read as FP64"

  it "runs many dimensions" $ do
    folder <- savedModel "dtypes"
    deep <- ok (fromVector (replicate 100 1) (V.singleton (7 :: Float)))
    outputs <- withModel defaults folder (\model -> runSignature model "fp32" [("x", deep)]) >>= ok
    shape (outputs ! "same") `shouldBe` replicate 100 1
