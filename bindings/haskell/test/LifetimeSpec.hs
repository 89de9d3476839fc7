-- | Closing, collecting, threads, processes.
module LifetimeSpec (spec) where

import Control.Concurrent
import Control.Exception (SomeException, throwIO, try)
import Control.Monad (forM, forever, replicateM, replicateM_, void, (>=>))
import Data.IORef
import qualified Data.Text as T
import qualified Data.Vector.Storable as V
import Stele
import Support
import System.Exit (ExitCode (..))
import System.Mem (performMajorGC)
import System.Posix.Process (ProcessStatus (..), exitImmediately, forkProcess, getProcessStatus)
import Test.Hspec

-- | What each of some threads returns; what one throws fails the test.
inThreads :: Int -> IO a -> IO [a]
inThreads count body = do
  places <- replicateM count newEmptyMVar
  mapM_ (\place -> forkOS (try body >>= putMVar place)) places
  forM places (takeMVar >=> either (\raised -> throwIO (raised :: SomeException)) pure)

closedMessage :: String
closedMessage = "the model is closed"

spec :: Spec
spec = do
  it "refuses calls when it is closed, twice" $ do
    model <- loadDigits
    kept <- answer model
    replicateM_ 2 (close model)
    isClosed model `shouldReturn` True
    (tryAnswer model >>= refused FailedPrecondition) `says` closedMessage
    length (signatures model) `shouldBe` 2
    performMajorGC
    V.sum kept `shouldSatisfy` (\total -> abs (total - 1) < 1e-5)

  it "is closed when the function throws" $ do
    place <- newIORef Nothing
    withDigits (\model -> writeIORef place (Just model) >> fail "mine" :: IO ()) `shouldThrow` anyIOException
    readIORef place >>= traverse isClosed >>= (`shouldBe` Just True)

  it "gives threads the same bits" . withDigits $ \model -> do
    expected <- answer model
    answers <- inThreads 8 (replicateM 50 (answer model))
    answers `shouldBe` replicate 8 (replicate 50 expected)

  it "may be closed while threads run it" $ do
    model <- loadDigits
    expected <- answer model
    let untilClosed = tryAnswer model >>= either (pure . T.unpack . errorMessage) checked
        checked found = if found == expected then untilClosed else pure "other bits"
    _ <- forkIO (threadDelay 20000 >> close model)
    inThreads 8 untilClosed `shouldReturn` replicate 8 closedMessage

  it "is collected, with calls going on" $ do
    expected <- withDigits answer
    let dropOne = loadDigits >>= answer >>= \found -> found <$ performMajorGC
    inThreads 3 (replicateM 2 dropOne) `shouldReturn` replicate 3 (replicate 2 expected)

  it "lets other threads go on" $ do
    turns <- newIORef (0 :: Int)
    counter <- forkIO (forever (modifyIORef' turns (+ 1) >> threadDelay 100))
    loadDigits >>= close
    killThread counter
    readIORef turns >>= (`shouldSatisfy` (> 10))

  it "does not survive a fork" $ do
    model <- loadDigits
    child <- forkProcess $ do
      running <- tryAnswer model
      loading <- savedModel "digits" >>= load defaults
      let isRefused = either ((== FailedPrecondition) . errorCode) (const False)
      exitImmediately (if isRefused running && isRefused (void loading) then ExitSuccess else ExitFailure 1)
    getProcessStatus True False child `shouldReturn` Just (Exited ExitSuccess)
