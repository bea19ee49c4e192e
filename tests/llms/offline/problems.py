"""Problems of our own for the offline teacher's tests."""

from __future__ import annotations

from dataclasses import dataclass

from lemma_steps.llms.offline.worked import Worked


@dataclass(frozen=True)
class Problem:
    """A question and its gold trajectory."""

    question: str
    gold: str

    @property
    def worked(self) -> Worked:
        """The gold solution, read."""
        return Worked.read(self.question, self.gold)


BAKERY = Problem(
    "A bakery packs 14 boxes with 6 rolls each. It sells 30 rolls and shares the rest equally among 9 shelters. "
    "How many rolls does each shelter get?",
    "The bakery has 14 * 6 = 84 rolls.\n"
    "After the sale 84 - 30 = 54 rolls are left.\n"
    "Each shelter gets 54 / 9 = 6 rolls.\n"
    "The answer is: 6",
)
"""The last result equals a number of the question; the steps before do not."""

CINEMA = Problem(
    "Nora buys 4 tickets at $12 each and 3 bags of popcorn at $5.50 each. She pays with a $100 bill. How much change "
    "does she get?",
    "The tickets cost 4 x $12 = $48.\n"
    "The popcorn costs 3 x $5.50 = $16.50.\n"
    "Together that is $48 + $16.50 = $64.50.\n"
    "Her change is $100 - $64.50 = $35.50.\n"
    "The answer is: 35.50",
)

FIELD = Problem(
    "A rectangular field is 120 meters long and 85 meters wide. A fence with posts every 5 meters is put around it. "
    "How many posts are needed?",
    "The perimeter is 2 * (120 + 85) = 410 meters.\nSo 410 / 5 = 82 posts are needed.\nThe answer is: 82",
)

SALE = Problem(
    "A jacket costs $80 and is reduced by 25%. How much does it cost now?",
    "The reduction is 80 * .25 = $20.\nThe jacket now costs 80 - 20 = $60.\nThe answer is: 60",
)

LESSONS = Problem(
    "Iva practices the piano for 3 hours a week. How many minutes does she practice in 8 weeks?",
    "In 8 weeks she practices 3 * 8 = 24 hours.\nThat is 24 * 60 = 1440 minutes.\nThe answer is: 1440",
)

SIBLINGS = Problem(
    "Tom, Ada, Lea and Ben share the cost of a present of $56 and a card of $4 equally. How much does each pay?",
    "The total is 56 + 4 = 60 dollars.\nEach of the four pays 60 / 4 = 15 dollars.\nThe answer is: 15",
)

POCKETS = Problem(
    "Over the year the clubs of a school planted trees: the chess club 17, the choir 26, the drama club 31 and the runners "
    "half as many as the choir. How many trees were planted?",
    "The runners planted 26 / 2 = 13 trees.\nAltogether 17 + 26 + 31 + 13 = 87 trees were planted.\nThe answer is: 87",
)

MARKS = Problem(
    "On five tests Uma has 71, 84, 90, 65 and 80 points. What is her average?",
    "Her points add up to 71 + 84 + 90 + 65 + 80 = 390.\nThe average is 390 / 5 = 78.\nThe answer is: 78",
)

SAIL = Problem(
    "A triangular sail has a base of 14 feet and a height of 9 feet. What is its area in square feet?",
    "The area is 1/2 * 14 * 9 = 63 square feet.\nThe answer is: 63",
)

LATEX = Problem(
    r"A committee of $3$ is chosen from $7$ people, and a chair from its members. In how many ways can this be done?",
    "There are $\\binom{7}{3} = 35$ ways to choose the committee.\n\n"
    "The chair is one of its 3 members, so there are $35 \\cdot 3 = \\boxed{105}$ ways.\nThe answer is: 105",
)

ALL = [BAKERY, CINEMA, FIELD, SALE, LESSONS, SIBLINGS, POCKETS, MARKS, SAIL, LATEX]
