-- | Which digit is this? Load, introspect, run, print.
module Digits (main) where

import Control.Monad.IO.Class (liftIO)
import Control.Monad.Trans.Except (ExceptT (..), except, runExceptT)
import Data.List (find)
import Data.Map.Strict ((!))
import Data.Text (Text)
import qualified Data.Text as T
import qualified Data.Text.IO as T
import qualified Data.Vector.Storable as V
import Stele
import System.Environment (getArgs)
import System.Exit (die)
import Text.Printf (printf)

pixels :: V.Vector Float
pixels =
  V.fromList . concat $
    [ [0, 0, 5, 13, 12, 3, 0, 0],
      [0, 2, 15, 11, 12, 14, 1, 0],
      [0, 5, 14, 1, 1, 14, 6, 0],
      [0, 7, 12, 0, 0, 10, 8, 0],
      [0, 7, 11, 0, 0, 10, 8, 0],
      [0, 5, 13, 0, 1, 13, 6, 0],
      [0, 1, 14, 10, 12, 14, 1, 0],
      [0, 0, 5, 14, 12, 3, 0, 0]
    ]

describe :: Signature -> IO ()
describe signature = do
  T.putStrLn ("signature " <> signatureName signature)
  mapM_ (T.putStrLn . ("input " <>) . showInfo) (signatureInputs signature)
  mapM_ (T.putStrLn . ("output " <>) . showInfo) (signatureOutputs signature)

classify :: Model -> [Int] -> ExceptT SteleError IO (V.Vector Float)
classify model dims = do
  image <- except (fromVector dims pixels)
  outputs <- ExceptT (run model [("image", image)])
  except (toVector (outputs ! "probabilities"))

use :: Model -> ExceptT SteleError IO ()
use model = do
  liftIO (mapM_ describe (find ((== "serving_default") . signatureName) (signatures model)))
  probabilities <- classify model [1, 8, 8, 1]
  liftIO . T.putStrLn $ "digit " <> T.pack (show (V.maxIndex probabilities))
  liftIO . T.putStrLn $ "probabilities " <> T.unwords (sixDigits <$> V.toList probabilities)
  -- Without the batch: refused before TensorFlow sees it.
  refused <- liftIO (runExceptT (classify model [8, 8, 1]))
  liftIO (either (T.putStrLn . ("refused " <>) . display) (const (die "not refused")) refused)

sixDigits :: Float -> Text
sixDigits = T.pack . printf "%.6f"

main :: IO ()
main = do
  [folder] <- getArgs
  result <- withModel defaults folder (runExceptT . use)
  either (die . T.unpack . display) pure result
