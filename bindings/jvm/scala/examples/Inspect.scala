// What does this model take?  java -cp … Inspect path/to/saved_model

import dev.stele.scala.*

import scala.jdk.CollectionConverters.*
import scala.util.Using

@main def Inspect(folder: String): Unit =
  Using.resource(SavedModel.load(folder)) { model =>
    for (name, signature) <- model.signatures.asScala do
      println(s"signature $name")
      signature.inputs.values.forEach(input => println(s"  input $input"))
      signature.outputs.values.forEach(output => println(s"  output $output"))
  }
