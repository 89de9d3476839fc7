//! A queue in which nobody is behind all of another's.

use std::collections::VecDeque;

/// Items of lines, which take turns; in each line those of its members take turns.
pub(crate) struct Fair<L, T> {
    lines: VecDeque<(L, VecDeque<Member<T>>)>,
}

struct Member<T> {
    id: u64,
    items: VecDeque<T>,
}

impl<L, T> Default for Fair<L, T> {
    fn default() -> Fair<L, T> {
        Fair { lines: VecDeque::new() }
    }
}

impl<L: PartialEq, T> Fair<L, T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether an item waits in this line.
    pub(crate) fn contains(&self, line: &L) -> bool {
        self.lines.iter().any(|(own, _)| own == line)
    }

    /// Puts an item at the end of what a member of a line has there.
    pub(crate) fn push(&mut self, line: L, member: u64, item: T) {
        let known = self.lines.iter().position(|(own, _)| *own == line);
        let at = known.unwrap_or_else(|| {
            self.lines.push_back((line, VecDeque::new()));
            self.lines.len() - 1
        });
        let members = &mut self.lines[at].1;
        match members.iter_mut().find(|own| own.id == member) {
            Some(own) => own.items.push_back(item),
            None => members.push_back(Member { id: member, items: [item].into() }),
        }
    }

    /// Forgets items of a member of a line.
    pub(crate) fn retain(&mut self, line: &L, member: u64, mut keep: impl FnMut(&T) -> bool) {
        let Some(at) = self.lines.iter().position(|(own, _)| own == line) else { return };
        let Some((_, members)) = self.lines.get_mut(at) else { return };
        if let Some(own) = members.iter_mut().find(|own| own.id == member) {
            own.items.retain(&mut keep);
        }
        members.retain(|own| !own.items.is_empty());
        if members.is_empty() {
            self.lines.remove(at);
        }
    }

    /// Takes the next item of the first line that may have one.
    pub(crate) fn pop(&mut self, may: impl Fn(&L) -> bool) -> Option<(L, T)>
    where
        L: Clone,
    {
        let at = self.lines.iter().position(|(line, _)| may(line))?;
        let (line, mut members) = self.lines.remove(at)?;
        let mut member = members.pop_front()?;
        let item = member.items.pop_front()?;
        // To the end, both of them: the others are next.
        if !member.items.is_empty() {
            members.push_back(member);
        }
        if !members.is_empty() {
            self.lines.push_back((line.clone(), members));
        }
        Some((line, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_their_members_take_turns() {
        let mut queue = Fair::default();
        for (line, member, item) in
            [("a", 1, 1), ("a", 1, 2), ("a", 2, 3), ("b", 1, 4), ("b", 1, 5)]
        {
            queue.push(line, member, item);
        }
        assert!(queue.contains(&"b"));
        let popped: Vec<_> = std::iter::from_fn(|| queue.pop(|_| true)).collect();
        assert_eq!(popped, [("a", 1), ("b", 4), ("a", 3), ("b", 5), ("a", 2)]);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_is_forgotten_leaves_nothing_behind() {
        let mut queue = Fair::default();
        queue.push("a", 1, 1);
        queue.push("a", 1, 2);
        queue.push("a", 2, 3);
        queue.retain(&"a", 1, |item| *item == 2);
        queue.retain(&"a", 2, |_| false);
        queue.retain(&"b", 1, |_| false);
        assert_eq!(queue.pop(|_| true), Some(("a", 2)));
        queue.push("a", 1, 1);
        queue.retain(&"a", 1, |_| false);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_line_that_may_not_keeps_its_items() {
        let mut queue = Fair::default();
        queue.push("a", 1, 1);
        queue.push("b", 1, 2);
        assert_eq!(queue.pop(|line| *line == "b"), Some(("b", 2)));
        assert_eq!(queue.pop(|line| *line == "b"), None);
        assert!(!queue.is_empty());
    }
}
