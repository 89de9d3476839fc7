// Which digit is this?  java -cp …/stele-kotlin-programs.jar DigitsKt path/to/saved_model

import dev.stele.SteleException
import dev.stele.kotlin.get
import dev.stele.kotlin.loadModel
import dev.stele.kotlin.run
import dev.stele.kotlin.toTensor
import java.util.Locale

private const val IMAGE = """
 0  0  5 13 12  3  0  0
 0  2 15 11 12 14  1  0
 0  5 14  1  1 14  6  0
 0  7 12  0  0 10  8  0
 0  7 11  0  0 10  8  0
 0  5 13  0  1 13  6  0
 0  1 14 10 12 14  1  0
 0  0  5 14 12  3  0  0
"""

fun main(arguments: Array<String>) {
    val pixels = IMAGE.trim().split(Regex("\\s+")).map(String::toFloat).toFloatArray()
    loadModel(arguments[0]).use { model ->
        val signature = model["serving_default"] ?: error("not the digits model")
        val input = signature.inputs().values.first()
        val output = signature.outputs().values.first()
        println("signature ${signature.name()}\ninput $input\noutput $output")

        val outputs = model.run(input.name() to pixels.toTensor(1, 8, 8, 1))
        val probabilities = outputs.getValue(output.name()).toFloats()
        println("digit ${probabilities.indices.maxBy { probabilities[it] }}")
        println(probabilities.joinToString(" ", "probabilities ") { "%.6f".format(Locale.ROOT, it) })

        try { // without the batch: refused before TensorFlow sees it
            model.run(input.name() to pixels.toTensor(8, 8, 1))
        } catch (refused: SteleException) {
            println("refused $refused")
        }
    }
}
