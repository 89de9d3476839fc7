package dev.stele.scala

import dev.stele.{Contract, DType, Predictor, Signature, SteleException, Tensor as JavaTensor}
import org.junit.jupiter.api.Assertions.{assertArrayEquals, assertEquals, assertThrows}
import org.junit.jupiter.api.Test

import java.lang.foreign.ValueLayout
import java.nio.file.Path
import java.util.{Collection, HexFormat, Map as JavaMap}
import scala.jdk.CollectionConverters.*
import scala.util.Using

/** What Scala adds to Java: pairs, defaults, elements by type class. */
final class ScalaTest:
  private val digits =
    Path.of(System.getProperty("stele.build"), "models/digits/saved_model").toString
  private val image = Array.tabulate(64)(i => (i % 17).toFloat)

  private def refused(expected: String)(call: => Any): Unit =
    assertEquals(expected, assertThrows(classOf[SteleException], () => { call; () }).toString)

  @Test def aModelIsUsedAndClosed(): Unit =
    val model = SavedModel.load(digits, profile = Some("inline"))
    Using.resource(model) { model =>
      assertEquals(
        10,
        model("image" -> Tensor(image, 1, 8, 8, 1))("probabilities").to[Float].length
      )
      assertEquals(None, model.signature("x"))
    }
    refused("FAILED_PRECONDITION: the model is closed")(model("image" -> Tensor(image, 1, 8, 8, 1)))

  @Test def refusalsAreThoseOfEveryLanguage(): Unit =
    Using.resource(SavedModel.load(digits)) { model =>
      val tensor = Tensor(image, 1, 8, 8, 1)
      refused("INVALID_ARGUMENT: input \"image\" is given twice")(
        model("image" -> tensor, "image" -> tensor)
      )
      refused("NOT_FOUND: no signature \"x\"; this model has \"serve\", \"serving_default\"")(
        model.call("x")("image" -> tensor, "image" -> tensor)
      )
      refused("INVALID_ARGUMENT: FP32 is not what a int[] holds")(tensor.to[Int])
      refused("INVALID_ARGUMENT: INT8 is not what this array holds")(
        Tensor.as(DType.INT8)(Array(true), 1)
      )
    }

  @Test def everyNameAndPathGetsThere(): Unit =
    val name = "a\u0000b"
    def holdsNul(call: => Any): Unit =
      refused("INVALID_ARGUMENT: a name or path holds a NUL: \"a\\0b\"")(call)
    holdsNul(SavedModel.load(name))
    holdsNul(SavedModel.load(digits, tags = Set(name)))
    holdsNul(SavedModel.load(digits, profile = Some(name)))
    holdsNul(SavedModel.load(digits, libtensorflow = Some(name)))
    Using.resource(SavedModel.load(digits, config = Some(Array()))) { model =>
      holdsNul(model(name -> Tensor(image, 1, 8, 8, 1)))
      holdsNul(model.call(name)("image" -> Tensor(image, 1, 8, 8, 1)))
    }

  @Test def aModelOnAServerIsUsedInTheSameWay(): Unit =
    val tensor = Tensor(image, 64)
    val elsewhere = new Predictor:
      override def signatures = JavaMap.of("s", Signature("s", JavaMap.of(), JavaMap.of()))
      override def run(
          signature: String,
          inputs: Collection[? <: JavaMap.Entry[String, JavaTensor]]
      ): JavaMap[String, JavaTensor] =
        inputs.asScala.map(input => s"$signature ${input.getKey}" -> input.getValue).toMap.asJava
      override def close(): Unit = ()
    Using.resource(elsewhere) { model =>
      assertEquals(Map("serving_default a" -> tensor), model("a" -> tensor))
      assertEquals(Map("s a" -> tensor), model.call("s")("a" -> tensor))
      assertEquals(Some("s"), model.signature("s").map(_.name))
    }

  @Test def integersAreTheirLiteralsAndBytes(): Unit =
    val rows = Contract.table("values.tsv", "dtype", "shape", "literals", "bytes").asScala
    for case Array(dtype, shape, literals, bytes) <- rows do
      val dims = shape.split(",").map(_.toLong).toSeq
      val texts = literals.split(",")
      def hold[T: Element](elements: Array[T]): Unit =
        val tensor = Tensor(elements, dims*)
        assertEquals(dtype, tensor.dtype.toString)
        assertEquals(bytes, HexFormat.of.formatHex(tensor.segment.toArray(ValueLayout.JAVA_BYTE)))
        assertEquals(texts.toSeq, tensor.to[T].toSeq.map(_.toString))
      dtype match
        case "INT8"  => hold(texts.map(_.toByte))
        case "INT16" => hold(texts.map(_.toShort))
        case "INT32" => hold(texts.map(_.toInt))
        case "INT64" => hold(texts.map(_.toLong))
        case "BOOL"  => hold(texts.map(_.toBoolean))
        case _       => () // Java's own accessors, which its tests hold to this table

  @Test def textsAreUtf8(): Unit =
    val tensor = Tensor(Array("stele", "", "ñ字"), 3)
    assertEquals(Seq("stele", "", "ñ字"), tensor.to[String].toSeq)
    assertArrayEquals("ñ字".getBytes("UTF-8"), tensor.to[Array[Byte]].last)
