module Main (main) where

import qualified ContractSpec
import qualified LifetimeSpec
import qualified ModelSpec
import Test.Hspec (describe, hspec)

main :: IO ()
main = hspec $ do
  describe "contract" ContractSpec.spec
  describe "models" ModelSpec.spec
  describe "lifetime" LifetimeSpec.spec
