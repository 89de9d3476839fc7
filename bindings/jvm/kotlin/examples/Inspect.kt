// What does this model take?  java -cp …/stele-kotlin-programs.jar InspectKt path/to/saved_model

import dev.stele.kotlin.loadModel

fun main(arguments: Array<String>) {
    loadModel(arguments[0]).use { model ->
        for ((name, signature) in model.signatures()) {
            println("signature $name")
            signature.inputs().values.forEach { println("  input $it") }
            signature.outputs().values.forEach { println("  output $it") }
        }
    }
}
