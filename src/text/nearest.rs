//! Suggestions for misspelt names, by edit distance.

/// The known name with the smallest edit distance to `name`, ignoring ASCII case. `None` if the distance exceeds a
/// third of the shorter name, or if `name` is known.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_ascii_lowercase();
    let length = name.chars().count();
    // A difference in length is a lower bound of the distance, which saves most comparisons.
    let allowed = |known: &str| {
        let other = known.chars().count();
        let max_edits = length.min(other) / 3;
        (length.abs_diff(other) <= max_edits).then_some(max_edits)
    };
    let near = known.into_iter().filter_map(|known| {
        let max_edits = allowed(known)?;
        let edits = edit_distance(&lower, &known.to_ascii_lowercase());
        Some((edits, edits <= max_edits, known))
    });
    let (_, is_near, found) = near.min_by_key(|(edits, ..)| *edits)?;
    (is_near && name != found).then_some(found)
}

/// The optimal string alignment distance: insertions, deletions, substitutions and transpositions of adjacent
/// characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let (mut before_last, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut least = (cell(&last, j) + usize::from(x != *y)).min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            if j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x) {
                least = least.min(cell(&before_last, j - 1) + 1);
            }
            row.push(least);
        }
        (before_last, last) = (last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_name_is_found_and_another_one_is_not() {
        let methods = ["get", "list", "create", "update", "delete", "read", "write"];
        let found =
            ["raed", "wirte", "Read", "creat", "updates", "edit", "all", "", "read"].map(|n| nearest(n, methods));
        assert_eq!(
            found,
            [Some("read"), Some("write"), Some("read"), Some("create"), Some("update"), None, None, None, None]
        );
        assert_eq!(nearest("cloud.firestroe", ["cloud.firestore", "firebase.storage"]), Some("cloud.firestore"));
    }
}
