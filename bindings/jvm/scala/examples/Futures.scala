// A hundred images at once, as futures.  java -cp … Futures path/to/saved_model

import dev.stele.scala.*

import scala.concurrent.ExecutionContext.Implicits.global
import scala.concurrent.duration.Duration
import scala.concurrent.{Await, Future}
import scala.util.Using

@main def Futures(folder: String): Unit =
  // Ops run in the calling thread: the futures are the parallelism.
  Using.resource(SavedModel.load(folder, profile = Some("inline"))) { model =>
    val images = Seq.tabulate(100)(image => Array.tabulate(64)(i => (i * image % 17).toFloat))
    val digits = Future.traverse(images) { pixels =>
      Future {
        val row = model("image" -> Tensor(pixels, 1, 8, 8, 1))("probabilities").to[Float]
        row.indexOf(row.max)
      }
    }
    val found = Await.result(digits, Duration.Inf)
    println(s"${found.size} images, ${found.distinct.size} different digits")
  }
