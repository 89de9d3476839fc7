// Which digit is this?  java -cp … Digits path/to/saved_model

import dev.stele.SteleException
import dev.stele.scala.*

import java.util.Locale
import scala.jdk.CollectionConverters.*
import scala.util.Using

private val Image = """
  0  0  5 13 12  3  0  0
  0  2 15 11 12 14  1  0
  0  5 14  1  1 14  6  0
  0  7 12  0  0 10  8  0
  0  7 11  0  0 10  8  0
  0  5 13  0  1 13  6  0
  0  1 14 10 12 14  1  0
  0  0  5 14 12  3  0  0
"""

@main def Digits(folder: String): Unit =
  val pixels = Image.trim.split("\\s+").map(_.toFloat)
  Using.resource(SavedModel.load(folder)) { model =>
    val signature = model.signature("serving_default").get
    val input = signature.inputs.values.asScala.head
    val output = signature.outputs.values.asScala.head
    println(s"signature ${signature.name}\ninput $input\noutput $output")

    val outputs = model(input.name -> Tensor(pixels, 1, 8, 8, 1))
    val probabilities = outputs(output.name).to[Float]
    println(s"digit ${probabilities.indexOf(probabilities.max)}")
    println(probabilities.map("%.6f".formatLocal(Locale.ROOT, _)).mkString("probabilities ", " ", ""))

    try model(input.name -> Tensor(pixels, 8, 8, 1)) // without the batch: refused before TensorFlow
    catch case refused: SteleException => println(s"refused $refused")
  }
