/** A SavedModel in Scala 3: the Java binding with pairs, defaults and a type class of elements.
  *
  * {{{
  * Using.resource(SavedModel.load("saved_model")) { model =>
  *   val outputs = model("image" -> Tensor(pixels, 1, 8, 8, 1))
  *   val probabilities = outputs("probabilities").to[Float]
  * }
  * }}}
  *
  * All refuse with [[dev.stele.SteleException]]. Elements are in row-major order; no dimensions are
  * a scalar.
  */
package dev.stele.scala

import dev.stele.{Code, DType, Model, Options, Predictor, Signature, SteleException}
import dev.stele.Tensor as JavaTensor

import java.util.{Map as JavaMap, Optional}
import scala.collection.immutable.VectorMap
import scala.jdk.CollectionConverters.*

/** A tensor of any type; [[dev.stele.Tensor]], which has what is not here. */
type Tensor = JavaTensor

/** What an array must have as elements to be a tensor. */
trait Element[T]:
  /** The type that an array of these has in TensorFlow, unless another is named. */
  def dtype: DType

  /** A tensor that is a view of the array. */
  def tensor(dtype: DType, elements: Array[T], shape: Seq[Long]): Tensor

  /** A copy of the elements. */
  def elements(tensor: Tensor): Array[T]

object Element:
  private def of[T](
      usual: DType,
      make: (DType, Array[T], Seq[Long]) => Tensor,
      read: Tensor => Array[T]
  ): Element[T] = new Element[T]:
    def dtype: DType = usual
    def tensor(dtype: DType, elements: Array[T], shape: Seq[Long]): Tensor =
      make(dtype, elements, shape)
    def elements(tensor: Tensor): Array[T] = read(tensor)

  private def require(dtype: DType, only: DType): Unit =
    if dtype != only then
      throw SteleException(Code.INVALID_ARGUMENT, s"$dtype is not what this array holds")

  /** FP32; C64 as real and imaginary parts in turn. */
  given Element[Float] = of(DType.FP32, (d, e, s) => JavaTensor.of(d, e, s*), _.toFloats)

  /** FP64; C128 as real and imaginary parts in turn. */
  given Element[Double] = of(DType.FP64, (d, e, s) => JavaTensor.of(d, e, s*), _.toDoubles)

  /** INT8; the bits of UINT8. */
  given Element[Byte] = of(DType.INT8, (d, e, s) => JavaTensor.of(d, e, s*), _.toBytes)

  /** INT16; the bits of UINT16, FP16 and BF16. */
  given Element[Short] = of(DType.INT16, (d, e, s) => JavaTensor.of(d, e, s*), _.toShorts)

  /** INT32; the bits of UINT32. */
  given Element[Int] = of(DType.INT32, (d, e, s) => JavaTensor.of(d, e, s*), _.toInts)

  /** INT64; the bits of UINT64. */
  given Element[Long] = of(DType.INT64, (d, e, s) => JavaTensor.of(d, e, s*), _.toLongs)

  given Element[Boolean] =
    of(DType.BOOL, (d, e, s) => { require(d, DType.BOOL); JavaTensor.of(e, s*) }, _.toBooleans)

  /** BYTES, texts in UTF-8. */
  given Element[String] =
    of(DType.BYTES, (d, e, s) => { require(d, DType.BYTES); JavaTensor.of(e, s*) }, _.toStrings)

  /** BYTES, any bytes. */
  given Element[Array[Byte]] =
    of(DType.BYTES, (d, e, s) => { require(d, DType.BYTES); JavaTensor.of(e, s*) }, _.toByteStrings)

object Tensor:
  /** Makes a tensor of the type that the array's elements have. */
  def apply[T](elements: Array[T], shape: Long*)(using element: Element[T]): Tensor =
    element.tensor(element.dtype, elements, shape)

  /** Makes a tensor of a type that shares its bits with the array's elements: UINT8, FP16, C64. */
  def as[T](dtype: DType)(elements: Array[T], shape: Long*)(using element: Element[T]): Tensor =
    element.tensor(dtype, elements, shape)

extension (tensor: Tensor)
  /** Returns a copy of the elements. */
  def to[T](using element: Element[T]): Array[T] = element.elements(tensor)

object SavedModel:
  /** Loads the SavedModel in a folder and restores its variables.
    *
    * @param dir
    *   the folder that holds saved_model.pb
    * @param tags
    *   the exact set of tags of the graph
    * @param profile
    *   the session's configuration by name: default, inline, single or python
    * @param config
    *   a serialized tensorflow.ConfigProto in place of the profile
    * @param libtensorflow
    *   the file libtensorflow_cc.so.2 or its folder, in place of searching for it
    */
  def load(
      dir: String,
      tags: Set[String] = Set("serve"),
      profile: Option[String] = None,
      config: Option[Array[Byte]] = None,
      libtensorflow: Option[String] = None
  ): Model =
    val options = Options(
      tags.mkString(","),
      Optional.ofNullable(profile.orNull),
      Optional.ofNullable(config.orNull),
      Optional.ofNullable(libtensorflow.orNull)
    )
    Model.load(dir, options)

extension (model: Predictor)
  /** Runs serving_default. */
  def apply(inputs: (String, Tensor)*): Map[String, Tensor] =
    model.call(Predictor.DEFAULT_SIGNATURE)(inputs*)

  /** Runs a signature. */
  def call(signature: String)(inputs: (String, Tensor)*): Map[String, Tensor] =
    model.run(signature, inputs.map(JavaMap.entry(_, _)).asJava).asScala.to(VectorMap)

  /** The signature of that name, if there is one. */
  def signature(name: String): Option[Signature] = Option(model.signatures.get(name))
