-- | What the tests share: the contract's tables, the zoo, answers and refusals.
module Support where

import Data.List (isInfixOf)
import Data.Map.Strict ((!))
import Data.Text (Text)
import qualified Data.Text as T
import qualified Data.Text.IO as T
import qualified Data.Vector.Storable as V
import Stele
import System.Environment (getEnv)
import Test.Hspec

savedModel :: String -> IO FilePath
savedModel name = (\build -> build <> "/models/" <> name <> "/saved_model") <$> getEnv "STELE_BUILD"

-- | The rows of a table of the contract.
table :: FilePath -> [Text] -> IO [[Text]]
table name columns = do
  folder <- getEnv "STELE_CONTRACT"
  rows <- map (T.splitOn "\t") . T.lines <$> T.readFile (folder <> "/" <> name)
  head rows `shouldBe` columns
  let kept = filter (not . T.isPrefixOf "#" . head) (tail rows)
  map length kept `shouldBe` map (const (length columns)) kept
  kept `shouldNotBe` []
  pure kept

ok :: Either SteleError a -> IO a
ok = either (fail . T.unpack . display) pure

-- | The message of a refusal with that code.
refused :: Code -> Either SteleError a -> IO String
refused code = either checked (const (fail "not refused"))
  where
    checked found = T.unpack (errorMessage found) <$ (errorCode found `shouldBe` code)

names :: IO String -> String -> Expectation
names found culprit = found >>= (`shouldSatisfy` (culprit `isInfixOf`))

says :: IO String -> String -> Expectation
says = shouldReturn

withDigits :: (Model -> IO a) -> IO a
withDigits use = do
  folder <- savedModel "digits"
  withModel defaults folder (fmap Right . use) >>= ok

loadDigits :: IO Model
loadDigits = savedModel "digits" >>= load defaults >>= ok

blank :: IO Tensor
blank = ok (fromVector [1, 8, 8, 1] (V.replicate 64 (0 :: Float)))

tryAnswer :: Model -> IO (Either SteleError (V.Vector Float))
tryAnswer model = do
  image <- blank
  outputs <- run model [("image", image)]
  pure (outputs >>= toVector . (! "probabilities"))

answer :: Model -> IO (V.Vector Float)
answer model = tryAnswer model >>= ok
