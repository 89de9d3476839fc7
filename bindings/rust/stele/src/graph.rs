//! The graph of a SavedModel, read without TensorFlow, for the shape of a tensor
//! that its signature does not say.

use std::collections::BTreeMap;

use prost::Message;
use prost::bytes::Bytes;

use crate::proto::TensorShape;
use crate::shape::Shape;

/// The fields of TensorFlow's GraphDef that this needs.
#[derive(Clone, PartialEq, Message)]
struct GraphDef {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeDef>,
}

#[derive(Clone, PartialEq, Message)]
struct NodeDef {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(btree_map = "string, message", tag = "5")]
    attr: BTreeMap<String, AttrValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AttrValue {
    #[prost(message, optional, tag = "1")]
    list: Option<ListValue>,
    #[prost(message, optional, tag = "7")]
    shape: Option<TensorShape>,
}

#[derive(Clone, PartialEq, Message)]
struct ListValue {
    #[prost(message, repeated, tag = "7")]
    shape: Vec<TensorShape>,
}

/// Shapes of a graph's tensors, as far as its nodes say them.
pub(crate) struct Graph(BTreeMap<String, NodeDef>);

impl Graph {
    /// Reads a serialized GraphDef; one that cannot be read says nothing.
    pub(crate) fn read(graph_def: Bytes) -> Graph {
        let nodes = GraphDef::decode(graph_def).unwrap_or_default().node;
        Graph(nodes.into_iter().map(|node| (node.name.clone(), node)).collect())
    }

    /// The shape of a tensor, `op:index`; of unknown rank if no node says it.
    pub(crate) fn shape(&self, tensor: &str) -> Shape {
        self.declared(tensor).map_or_else(Shape::unknown_rank, Shape::from)
    }

    fn declared(&self, tensor: &str) -> Option<&TensorShape> {
        let (node, index) = tensor.rsplit_once(':').unwrap_or((tensor, "0"));
        let (attr, index): (_, usize) = (&self.0.get(node)?.attr, index.parse().ok()?);
        let list = attr.get("_output_shapes").and_then(|attr| attr.list.as_ref());
        let own = || attr.get("shape").filter(|_| index == 0)?.shape.as_ref();
        list.and_then(|list| list.shape.get(index)).or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::tensor_shape::Dim;

    fn shape(sizes: &[i64]) -> TensorShape {
        let dim = sizes.iter().map(|size| Dim { size: *size, ..Default::default() }).collect();
        TensorShape { dim, unknown_rank: false }
    }

    fn node(name: &str, attr: &str, value: AttrValue) -> NodeDef {
        NodeDef { name: name.to_string(), attr: BTreeMap::from([(attr.to_string(), value)]) }
    }

    #[test]
    fn nodes_say_their_shapes_in_two_ways() {
        let list = ListValue { shape: vec![shape(&[1]), shape(&[-1, 2])] };
        let node_with_list = AttrValue { list: Some(list), ..Default::default() };
        let node_with_shape = AttrValue { shape: Some(shape(&[3])), ..Default::default() };
        let nodes = vec![
            node("split", "_output_shapes", node_with_list),
            node("x", "shape", node_with_shape.clone()),
            node("y", "other", node_with_shape),
        ];
        let graph = Graph::read(GraphDef { node: nodes }.encode_to_vec().into());
        for (tensor, expected) in [
            ("split:0", "[1]"),
            ("split:1", "[?,2]"),
            ("split:2", "?"),
            ("x", "[3]"),
            ("x:0", "[3]"),
            ("x:1", "?"),
            ("y:0", "?"),
            ("z:0", "?"),
            ("x:y", "?"),
        ] {
            assert_eq!(graph.shape(tensor).to_string(), expected, "{tensor}");
        }
    }

    #[test]
    fn a_graph_that_cannot_be_read_says_nothing() {
        let graph = Graph::read(Bytes::from_static(b"\xff\xff"));
        assert_eq!(graph.shape("x:0"), Shape::unknown_rank());
    }
}
