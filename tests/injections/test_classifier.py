"""The classifier of injected errors: what it must say of hand-made errors, and of near misses of every type."""

from __future__ import annotations

import pytest

from lemma_steps.answers import gold_answer
from lemma_steps.injections import classify
from lemma_steps.taxonomy import TAXONOMY
from lemma_steps.trajectory import as_output

PROBLEMS = {
    "flowers": (
        "A gardener plants 6 rows of 14 tulips and also 30 roses. She sells 20 flowers. How many flowers are left?",
        "There are 6 * 14 = 84 tulips.\nTogether there are 84 + 30 = 114 flowers.\n"
        "After the sale 114 - 20 = 94 flowers are left.\n#### 94",
    ),
    "mugs": (
        "A stall sells 8 mugs at $5 apiece and pays a rent of $12. What does it earn?",
        "The mugs bring 8 * 5 = $40.\nAfter the rent it earns 40 - 12 = $28.\n#### 28",
    ),
    "coat": (
        "A coat of $60 is reduced by 20%. A scarf of $18 comes on top. What is paid?",
        "The reduction is 20% * 60 = $12.\nThe coat costs 60 - 12 = $48.\nIn all 48 + 18 = $66 are paid.\n#### 66",
    ),
    "film": (
        "A film runs for 2 hours and the break lasts 15 minutes. For how many minutes is the hall in use?",
        "The film runs for 2 * 60 = 120 minutes.\nThe hall is in use for 120 + 15 = 135 minutes.\n#### 135",
    ),
    "baths": (
        "A lock opens 2 times and lets 60 boats through at once. Another 15 wait. How many boats are there?",
        "The lock lets 2 * 60 = 120 boats through.\nThere are 120 + 15 = 135 boats.\n#### 135",
    ),
    "vowels": (
        "Lena writes all vowels of the alphabet 40 times. She rubs out 12 letters. How many remain?",
        "She writes 40 * 5 = 200 letters.\nSo 200 - 12 = 188 letters remain.\n#### 188",
    ),
    "walk": (
        "A hiker walks 7 km on Monday, 9 km on Tuesday and 11 km on Friday. The trail has 50 km. What remains?",
        "The hiker walks 7 + 9 + 11 = 27 km.\nThere remain 50 - 27 = 23 km.\n#### 23",
    ),
    "garden": (
        "A garden is 12 m long and 5 m wide. What is its area, and what do the seeds for it cost at $3 a square metre?",
        "The area is 12 * 5 = 60 square metres.\nThe seeds cost 60 * 3 = $180.\n#### 180",
    ),
    "field": (
        "A field is 12 m long and 5 m wide. What do the seeds for it cost at $3 a square metre?",
        "There are 12 * 5 = 60 square metres.\nThe seeds cost 60 * 3 = $180.\n#### 180",
    ),
    "fence": (
        "A yard is 12 m long and 5 m wide. A fence costs $3 a metre. What does the fence cost?",
        "The fence has 2 * (12 + 5) = 34 metres.\nIt costs 34 * 3 = $102.\n#### 102",
    ),
    "sail": (
        "A sail is a triangle with base 6 m and height 9 m. A square metre weighs 4 kg. What does the sail weigh?",
        "The sail has 6 * 9 / 2 = 27 square metres.\nIt weighs 27 * 4 = 108 kg.\n#### 108",
    ),
    "kite": (
        "A kite is half of a board with sides 6 m and 9 m. A square metre weighs 4 kg. What does the kite weigh?",
        "The kite has 6 * 9 / 2 = 27 square metres.\nIt weighs 27 * 4 = 108 kg.\n#### 108",
    ),
    "train": (
        "A train goes 80 km per hour for 3 hours and then 15 km on foot follow. How long is the way?",
        "The train goes 80 * 3 = 240 km.\nThe way is 240 + 15 = 255 km long.\n#### 255",
    ),
    "marks": (
        "The marks of Kim are 6, 9 and 12 points. Ben has 4 points above the average of Kim. How many has Ben?",
        "Kim has 6 + 9 + 12 = 27 points.\nThe average is 27 / 3 = 9 points.\nBen has 9 + 4 = 13 points.\n#### 13",
    ),
    "cake": (
        r"A cook has $\frac{3}{4}$ kg of flour and takes $\frac{1}{4}$ kg. How much do 5 such rests weigh together?",
        r"There remain $\frac{3}{4} - \frac{1}{4} = \frac{1}{2}$ kg."
        "\n"
        r"Together they weigh $5 \cdot \frac{1}{2} = \boxed{\frac{5}{2}}$ kg.",
    ),
    "double": (
        "A jar holds 12 beads and 30 more come in. Half of the 84 bags are red. How many beads and red bags are there?",
        "The jar holds 12 + 30 = 42 beads.\nThere are 84 / 2 = 42 red bags.\nTogether 42 + 42 = 84.\n#### 84",
    ),
    "boxes": (
        "There are 4 boxes of 6 pens, and 24 loose pens. 5 pens are dry. How many can write?",
        "The boxes hold 4 * 6 = 24 pens.\nThere are 24 + 24 = 48 pens.\nOf these 48 - 5 = 43 can write.\n#### 43",
    ),
}

TABLE = [
    # --- CA: same left side, another result, and the only false chain
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|"
     "After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", {"CA"}),
    ("flowers", 3, "There are 6 * 14 = 84 tulips.|Together there are 84 + 30 = 114 flowers.|"
     "After the sale 114 - 20 = 96 flowers are left.|The answer is: 96", {"CA"}),
    ("cake", 1, r"There remain $\frac{3}{4} - \frac{1}{4} = \frac{1}{3}$ kg.|"
     r"Together they weigh $5 \cdot \frac{1}{3} = \boxed{\frac{5}{3}}$ kg.|The answer is: \frac{5}{3}", {"CA"}),
    # a later step is false too; it does not carry the value; it carries a third one; an earlier step is not gold's
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 105 flowers.|"
     "After the sale 105 - 20 = 85 flowers are left.|The answer is: 85", set()),
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 84 + 30 = 114 flowers.|"
     "After the sale 114 - 20 = 94 flowers are left.|The answer is: 94", set()),
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 76 + 30 = 106 flowers.|"
     "After the sale 106 - 20 = 86 flowers are left.|The answer is: 86", set()),
    ("flowers", 2, "Tulips: 6 * 14 = 84.|Together there are 84 + 30 = 104 flowers.|"
     "After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", set()),
    # the answer does not follow; the words of a later step, or of the wrong one, changed; the step is another one
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|"
     "After the sale 104 - 20 = 84 flowers are left.|The answer is: 94", set()),
    ("flowers", 1, "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|"
     "After the feast 104 - 20 = 84 flowers are left.|The answer is: 84", set()),
    ("flowers", 1, "There are 6 * 14 = 74 poppies.|Together there are 74 + 30 = 104 flowers.|"
     "After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", set()),
    ("flowers", 2, "There are 6 * 14 = 74 tulips.|Together there are 74 + 30 = 104 flowers.|"
     "After the sale 104 - 20 = 84 flowers are left.|The answer is: 84", set()),
    ("flowers", 9, "There are 6 * 14 = 74 tulips.|The answer is: 74", set()),
    # --- OP: one other operator of the same kind
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 - 30 = 54 flowers.|"
     "After the sale 54 - 20 = 34 flowers are left.|The answer is: 34", {"OP"}),
    ("baths", 1, "The lock lets 60 / 2 = 30 boats through.|There are 30 + 15 = 45 boats.|The answer is: 45", set()),
    ("vowels", 1, "She writes 40 / 5 = 8 letters.|So 8 - 12 = -4 letters remain.|The answer is: -4", {"OP"}),
    ("field", 2, "There are 12 * 5 = 60 square metres.|The seeds cost 60 / 3 = $20.|The answer is: 20", {"OP"}),
    ("walk", 1, "The hiker walks 7 + 9 - 11 = 5 km.|There remain 50 - 5 = 45 km.|The answer is: 45", {"OP"}),
    # two operators; the result is false as well; a number differs as well; plus for times where nothing is compared
    ("walk", 1, "The hiker walks 7 - 9 + 11 = 9 km.|There remain 50 + 9 = 59 km.|The answer is: 59", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 - 30 = 56 flowers.|"
     "After the sale 56 - 20 = 36 flowers are left.|The answer is: 36", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 - 20 = 64 flowers.|"
     "After the sale 64 - 20 = 44 flowers are left.|The answer is: 44", set()),
    ("flowers", 1, "There are 6 + 14 = 20 tulips.|Together there are 20 + 30 = 50 flowers.|"
     "After the sale 50 - 20 = 30 flowers are left.|The answer is: 30", set()),
    # --- CV: a question value
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 + 50 = 134 flowers.|"
     "After the sale 134 - 20 = 114 flowers are left.|The answer is: 114", {"CV"}),
    ("coat", 1, "The reduction is 30% * 60 = $18.|The coat costs 60 - 18 = $42.|"
     "In all 42 + 18 = $60 are paid.|The answer is: 60", {"CV"}),
    ("cake", 1, r"There remain $\frac{3}{5} - \frac{1}{4} = \frac{7}{20}$ kg.|"
     r"Together they weigh $5 \cdot \frac{7}{20} = \boxed{\frac{7}{4}}$ kg.|The answer is: \frac{7}{4}", {"CV"}),
    # both values misread; what is misread is an earlier result as well; the next chain keeps gold's result
    ("flowers", 1, "There are 7 * 15 = 105 tulips.|Together there are 105 + 30 = 135 flowers.|"
     "After the sale 135 - 20 = 115 flowers are left.|The answer is: 115", set()),
    ("boxes", 2, "The boxes hold 4 * 6 = 24 pens.|There are 24 + 26 = 50 pens.|"
     "Of these 50 - 5 = 45 can write.|The answer is: 45", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 + 50 = 134 flowers.|"
     "After the sale 134 - 20 = 94 flowers are left.|The answer is: 94", set()),
    # --- CS: an earlier result
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 48 + 30 = 78 flowers.|"
     "After the sale 78 - 20 = 58 flowers are left.|The answer is: 58", {"CS"}),
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|After the rent it earns 41 - 12 = $29.|The answer is: 29", {"CS"}),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 48 + 35 = 83 flowers.|"
     "After the sale 83 - 20 = 63 flowers are left.|The answer is: 63", set()),
    ("double", 3, "The jar holds 12 + 30 = 42 beads.|There are 84 / 2 = 42 red bags.|"
     "Together 42 + 24 = 66.|The answer is: 66", {"CS"}),
    ("double", 3, "The jar holds 12 + 30 = 42 beads.|There are 84 / 2 = 42 red bags.|"
     "Together 24 + 24 = 48.|The answer is: 48", set()),
    # --- CO: a count of listed things off by one, or a term of a sum lost
    ("vowels", 1, "She writes 40 * 6 = 240 letters.|So 240 - 12 = 228 letters remain.|The answer is: 228", {"CO"}),
    ("vowels", 1, "She writes 40 * 7 = 280 letters.|So 280 - 12 = 268 letters remain.|The answer is: 268", set()),
    ("walk", 1, "The hiker walks 7 + 11 = 18 km.|There remain 50 - 18 = 32 km.|The answer is: 32", {"CO"}),
    ("walk", 1, "The hiker walks 7 = 7 km.|There remain 50 - 7 = 43 km.|The answer is: 43", set()),
    ("walk", 1, "The hiker walks 11 + 9 = 20 km.|There remain 50 - 20 = 30 km.|The answer is: 30", set()),
    ("walk", 1, "The hiker walks 7 + 9 = 17 km.|There remain 50 - 17 = 33 km.|The answer is: 33", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Together there are 84 + 31 = 115 flowers.|"
     "After the sale 115 - 20 = 95 flowers are left.|The answer is: 95", {"CV"}),
    # --- UC: a conversion factor, where both units are named
    ("film", 1, "The film runs for 2 * 100 = 200 minutes.|The hall is in use for 200 + 15 = 215 minutes.|"
     "The answer is: 215", {"UC"}),
    ("film", 1, "The film runs for 2 * 61 = 122 minutes.|The hall is in use for 122 + 15 = 137 minutes.|"
     "The answer is: 137", {"UC"}),
    ("film", 1, "The film runs for 3 * 60 = 180 minutes.|The hall is in use for 180 + 15 = 195 minutes.|"
     "The answer is: 195", {"CV"}),
    ("baths", 1, "The lock lets 2 * 100 = 200 boats through.|There are 200 + 15 = 215 boats.|"
     "The answer is: 215", {"CV"}),
    # --- HA: one more term at the end, its number new and named
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With the fee of $3: After the rent it earns 40 - 12 - 3 = $25.|"
     "The answer is: 25", {"HA"}),
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With a tip: After the rent it earns 40 - 12 + 3 = $31.|"
     "The answer is: 31", set()),  # not named
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With the fee of $8: After the rent it earns 40 - 12 - 8 = $20.|"
     "The answer is: 20", set()),  # of the question
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With the fee of $28: After the rent it earns 40 - 12 - 28 = $0.|"
     "The answer is: 0", set()),  # of the gold solution
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With the fee of $3: After the rent it earns 40 - 3 - 12 = $25.|"
     "The answer is: 25", set()),  # not at the end
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With a factor of 3: After the rent it earns 40 - 12 * 3 = $4.|"
     "The answer is: 4", set()),
    ("mugs", 2, "The mugs bring 8 * 5 = $40.|With the fee of $3: it takes in 40 - 12 - 3 = $25.|"
     "The answer is: 25", set()),  # gold's words are gone
    # --- FC (a) to (e), and the same changes where the question does not name the thing
    ("garden", 1, "The area is 2 * (12 + 5) = 34 square metres.|The seeds cost 34 * 3 = $102.|The answer is: 102",
     {"FC"}),
    ("garden", 1, "The area is 12 + 5 + 12 + 5 = 34 square metres.|The seeds cost 34 * 3 = $102.|The answer is: 102",
     {"FC"}),
    ("garden", 1, "The area is 2 * (12 + 6) = 36 square metres.|The seeds cost 36 * 3 = $108.|The answer is: 108", set()),
    ("garden", 1, "The area is 12 + 5 = 17 square metres.|The seeds cost 17 * 3 = $51.|The answer is: 51", set()),
    ("field", 1, "There are 2 * (12 + 5) = 34 square metres.|The seeds cost 34 * 3 = $102.|The answer is: 102", set()),
    ("fence", 1, "The fence has 12 * 5 = 60 metres.|It costs 60 * 3 = $180.|The answer is: 180", {"FC"}),
    ("sail", 1, "The sail has 6 * 9 = 54 square metres.|It weighs 54 * 4 = 216 kg.|The answer is: 216", {"FC"}),
    ("sail", 1, "The sail has 9 / 2 = 4.5 square metres.|It weighs 4.5 * 4 = 18 kg.|The answer is: 18", set()),
    ("kite", 1, "The kite has 6 * 9 = 54 square metres.|It weighs 54 * 4 = 216 kg.|The answer is: 216", set()),
    ("train", 1, "The train goes 80 / 4 = 20 km.|The way is 20 + 15 = 35 km long.|The answer is: 35", set()),
    ("train", 1, "The train goes 80 / 5 = 16 km.|The way is 16 + 15 = 31 km long.|The answer is: 31", set()),
    ("train", 2, "The train goes 80 * 3 = 240 km.|The way is 240 - 15 = 225 km long.|The answer is: 225", {"OP"}),
    ("train", 1, "The train goes 80 / 3 = 26.67 km.|The way is 26.67 + 15 = 41.67 km long.|The answer is: 41.67", {"FC"}),
    ("coat", 1, "The reduction is 20% / 60 = $0.0033.|The coat costs 60 - 0.0033 = $59.9967.|"
     "In all 59.9967 + 18 = $77.9967 are paid.|The answer is: 77.9967", {"FC"}),
    ("marks", 2, "Kim has 6 + 9 + 12 = 27 points.|The average is 27 / 2 = 13.5 points.|"
     "Ben has 13.5 + 4 = 17.5 points.|The answer is: 17.5", {"FC"}),
    ("marks", 2, "Kim has 6 + 9 + 12 = 27 points.|The average is 27 / 4 = 6.75 points.|"
     "Ben has 6.75 + 4 = 10.75 points.|The answer is: 10.75", {"CO"}),
    # --- CC: times and plus, or a percentage and its complement
    ("mugs", 1, "The mugs bring 8 + 5 = $13.|After the rent it earns 13 - 12 = $1.|The answer is: 1", {"CC"}),
    ("mugs", 1, "The mugs bring 8 + 6 = $14.|After the rent it earns 14 - 12 = $2.|The answer is: 2", set()),
    ("coat", 1, "The reduction is 80% * 60 = $48.|The coat costs 60 - 48 = $12.|"
     "In all 12 + 18 = $30 are paid.|The answer is: 30", {"CC"}),
    # --- MS: a step is gone, and the first that used it has one of its numbers
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|After the sale 84 - 20 = 64 flowers are left.|The answer is: 64", {"MS"}),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|After the sale 30 - 20 = 10 flowers are left.|The answer is: 10", {"MS"}),
    ("flowers", 1, "Together there are 14 + 30 = 44 flowers.|After the sale 44 - 20 = 24 flowers are left.|"
     "The answer is: 24", {"MS"}),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|After the sale 90 - 20 = 70 flowers are left.|The answer is: 70", set()),
    ("flowers", 1, "Together there are 14 + 31 = 45 flowers.|After the sale 45 - 20 = 25 flowers are left.|"
     "The answer is: 25", set()),
    ("flowers", 1, "After the sale 14 - 20 = -6 flowers are left.|The answer is: -6", set()),
    ("flowers", 2, "Together there are 14 + 30 = 44 flowers.|After the sale 44 - 20 = 24 flowers are left.|"
     "The answer is: 24", set()),
    # the wrong step is a step of gold: nothing wrong is said there
    ("flowers", 1, "Together there are 84 + 30 = 114 flowers.|After the sale 114 - 20 = 94 flowers are left.|"
     "The answer is: 94", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|After the sale 114 - 20 = 94 flowers are left.|The answer is: 94", set()),
    # --- QM: no chain, one number from gold's chains, which is also the answer
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is the number that the question asks for: 84.|"
     "The answer is: 84", {"QM"}),
    ("flowers", 1, "The question asks for the 30 roses.|The answer is: 30", {"QM"}),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is what the question asks for: 84 + 30 = 114.|"
     "The answer is: 114", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is what the question asks for: 84.|The answer is: 114", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is what the question asks for: 85.|The answer is: 85", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|The tulips are red, all 84 of them.|The answer is: 84", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is what the question asks for: 84 of 114.|The answer is: 84", set()),
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|That is what the question asks for: 84.|"
     "After the sale 114 - 20 = 94 flowers are left.|The answer is: 94", set()),
    # --- NO has no sentence
    ("flowers", 2, "There are 6 * 14 = 84 tulips.|Since tulips are prime, seven is blue.|The answer is: 7", set()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "step", "injected", "codes"), TABLE)
def test_codes_are_those_whose_sentence_holds(name: str, step: int, injected: str, codes: set[str]) -> None:
    question, solution = PROBLEMS[name]
    text = as_output(injected.replace("|", "\n"))
    assert classify(question, solution, gold_answer(solution) or "", text, step) == codes


@pytest.mark.parametrize("name", PROBLEMS)
def test_gold_itself_holds_no_error(name: str) -> None:
    question, solution = PROBLEMS[name]
    answer = gold_answer(solution) or ""
    steps = solution.replace(f"#### {answer}", f"The answer is: {answer}")
    assert all(classify(question, solution, answer, as_output(steps), step) == set() for step in range(1, 5))


def test_every_type_with_a_sentence_is_recognised_somewhere() -> None:
    assert {code for *_, codes in TABLE for code in codes} == {c for c, t in TAXONOMY.items() if t.recomputable}
