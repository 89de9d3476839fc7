// Many calls at once, as coroutines: each on a thread of the dispatcher for as long as it takes.
//   java -cp …/stele-kotlin-programs.jar CoroutinesKt path/to/saved_model

import dev.stele.kotlin.loadModel
import dev.stele.kotlin.run
import dev.stele.kotlin.toTensor
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking

fun main(arguments: Array<String>): Unit =
    runBlocking(Dispatchers.Default) {
        // Ops run in the calling thread: the coroutines are the parallelism.
        loadModel(arguments[0], profile = "inline").use { model ->
            val images = List(100) { image -> FloatArray(64) { (it * image % 17).toFloat() } }
            val digits =
                images
                    .map { pixels ->
                        async {
                            val outputs = model.run("image" to pixels.toTensor(1, 8, 8, 1))
                            val row = outputs.getValue("probabilities").toFloats()
                            row.indices.maxBy { row[it] }
                        }
                    }
                    .awaitAll()
            println("${digits.size} images, ${digits.distinct().size} different digits")
        }
    }
