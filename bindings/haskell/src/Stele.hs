-- | Run TensorFlow SavedModels from Haskell: a client of libstele.
--
-- > withModel defaults "saved_model" $ \model -> run model [("image", image)]
module Stele
  ( -- * Models
    Model,
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

    -- * Signatures
    Signature (..),
    TensorInfo (..),
    showInfo,

    -- * Tensors
    Tensor,
    fromVector,
    toVector,
    fromStrings,
    toStrings,
    dtype,
    shape,

    -- * Elements
    DType (..),
    Element (..),
    SomeElement (..),
    someElement,
    Bool8 (..),
    fromBool,
    toBool,
    BFloat16 (..),
    toBFloat16,
    fromBFloat16,

    -- * Errors
    SteleError (..),
    Code (..),
    codeNumber,
    codeName,
    display,
  )
where

import Stele.Element
import Stele.Error
import Stele.Model
import Stele.Signature
import Stele.Tensor
