package dev.stele.worker

import dev.stele.{DType, Options, Predictor}
import dev.stele.scala.*

import java.util.List as JavaList
import scala.jdk.CollectionConverters.*
import scala.jdk.OptionConverters.*

/** The worker of the binding `scala`. */
private object ScalaWorker extends Kit.Client:
  override def load(dir: String, options: Options): Predictor =
    val tags = options.tags.split(",").filter(_.nonEmpty).toSet
    SavedModel.load(dir, tags, options.profile.toScala, options.config.toScala)

  override def prepare(
      model: Predictor,
      signature: String,
      inputs: JavaList[Kit.Contents]
  ): Kit.Run =
    val arguments = inputs.asScala.toSeq.map(input => input.name -> tensor(input))
    new Kit.Run:
      private var answer = Map.empty[String, Tensor]

      override def call(): Unit = answer = model.call(signature)(arguments*)

      override def outputs(): JavaList[Kit.Contents] =
        answer.toSeq.map((name, t) => Kit.Contents(name, t.dtype, t.shape, bytes(t))).asJava

  private def tensor(input: Kit.Contents): Tensor =
    val (bytes, shape) = (input.bytes, input.shape.toSeq)
    import DType.*
    input.dtype match
      case FP32 | C64                   => Tensor.as(input.dtype)(Bytes.floats(bytes), shape*)
      case FP64 | C128                  => Tensor.as(input.dtype)(Bytes.doubles(bytes), shape*)
      case INT8 | UINT8                 => Tensor.as(input.dtype)(bytes, shape*)
      case INT16 | UINT16 | FP16 | BF16 => Tensor.as(input.dtype)(Bytes.shorts(bytes), shape*)
      case INT32 | UINT32               => Tensor.as(input.dtype)(Bytes.ints(bytes), shape*)
      case INT64 | UINT64               => Tensor.as(input.dtype)(Bytes.longs(bytes), shape*)
      case BOOL                         => Tensor(Bytes.booleans(bytes), shape*)
      case BYTES                        => Tensor(Bytes.strings(bytes), shape*)

  private def bytes(tensor: Tensor): Array[Byte] =
    import DType.*
    tensor.dtype match
      case FP32 | C64                   => Bytes.of(tensor.to[Float])
      case FP64 | C128                  => Bytes.of(tensor.to[Double])
      case INT8 | UINT8                 => tensor.to[Byte]
      case INT16 | UINT16 | FP16 | BF16 => Bytes.of(tensor.to[Short])
      case INT32 | UINT32               => Bytes.of(tensor.to[Int])
      case INT64 | UINT64               => Bytes.of(tensor.to[Long])
      case BOOL                         => Bytes.of(tensor.to[Boolean])
      case BYTES                        => Bytes.of(tensor.to[Array[Byte]])

@main private def serveScala(): Unit =
  val version = scala.util.Properties.versionNumberString
  Kit.serve("scala", s"Scala 3 (library $version), Java ${Runtime.version}", ScalaWorker)
