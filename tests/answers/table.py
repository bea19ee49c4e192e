r"""Own pairs of gold, prediction and verdict, by kind of answer. R right, W wrong, U unparsed."""

from __future__ import annotations

R, W, U = "right", "wrong", "unparsed"

PAIRS: dict[str, list[tuple[str, str, str]]] = {
    "integers": [
        ("18", "18", R), ("18", "18.", R), ("18", "18.0", R), ("18", "$18$", R), ("18", r"\(18\)", R), ("18", r"\boxed{18}", R),
        ("18", "81", W), ("18", "-18", W), ("-18", "−18", R), ("-18", "- 18", R), ("18", "+18", R), ("18", "018", R),
        ("18", "18.5", W), ("0", "-0", R), ("18", "1 8", W), ("18", "**18**", R), ("7", "seven", R), ("12", "twelve", R), ("7", "eight", W),
        ("123456789012345678901234567890", "123456789012345678901234567890", R),
        ("123456789012345678901234567890", "123456789012345678901234567891", W),
    ],
    "thousands": [
        ("1,234", "1234", R), ("1234", "1,234", R), ("10{,}000", "10000", R), (r"900,\!000,\!000", "900000000", R),
        ("1,234,567", "1234567", R), ("1,234", "1.234", W), ("12,345.50", "12345.5", R), ("10 000", "10,000", R), (r"10\,000", "10000", R),
        ("1,234", "1, 234", R), ("2,300", "2300", R), ("1,000", "1000000", W),
    ],
    "decimals": [
        ("0.5", ".5", R), ("0.5", "0.50", R), ("37.50", "37.5", R), ("3.14", "3.15", W), ("0.333333", "1/3", R), ("1/3", "0.33", W),
        ("1/3", "0.3333333", R), ("2/3", "0.67", W), ("0.67", "2/3", W), ("6", "5.999999999999999", R), ("6", "5.99999", W),
        ("1000000", "1000000.5", W), ("0.000001", "0.0000012", W), ("1.5", "3/2", R), ("72", "0.72", W), ("0.5", "50", W),
        ("1e-7", "2e-7", W), ("123456.53", "123456.5", W), ("2.50", "2.5000", R),
    ],
    "fractions": [
        ("1/2", "0.5", R), (r"\frac{1}{2}", r"\dfrac{1}{2}", R), (r"\frac{1}{2}", r"\tfrac12", R), (r"\frac12", "1/2", R), (r"\frac1{2}", "0.5", R),
        (r"\frac{1}2", "2/4", R), (r"\frac{3}{8}", r"\frac{5}{16}", W), (r"-\frac{3}{4}", r"\frac{-3}{4}", R), (r"-\frac{3}{4}", r"\frac{3}{-4}", R),
        (r"-\frac{3}{4}", "-0.75", R), (r"\frac{3}{4}", r"-\frac{3}{4}", W), (r"\frac{11}{100}", "0.11", R), ("4/2", "2", R), ("1/0", "0", U),
        (r"\frac{1}{29,322,216}", r"\frac{1}{29322216}", R), (r"\cfrac{2}{3}", r"\frac{4}{6}", R), ("½", "0.5", R),
        (r"\frac{130}{231}", r"\frac{131}{230}", W), (r"\frac{m}{n}", r"\frac{}{n}", U),
    ],
    "mixed numbers": [
        (r"12\frac{3}{5}", r"12 \frac{3}{5}", R), (r"12\frac{3}{5}", r"\frac{63}{5}", R), ("12 3/5", "12.6", R), (r"1\frac{1}{4}", "1 1/4", R),
        (r"1\frac{1}{4}", "11/4", W), (r"1\frac{1}{4}", "1.25", R), ("2 1/2", "2/2", W), (r"-15\frac{3}{5}", "-15.6", R), (r"1\frac{1}{10}", r"1\frac{1}{9}", W),
        ("3 1/3", "10/3", R),
    ],
    "percent": [
        ("5", r"5\%", R), ("5%", "5", R), ("5", "500", W), ("5%", "0.05", R), ("0.05", "5%", R), ("5", "0.05", W), ("500", "5%", W), (r"5\%", "500%", W),
        ("50", "0.5", W), ("50", "5000", W), ("72", "0.72", W), (r"15\%", "15 percent", R), ("15", "15 percentage points", R), (r"12.5\%", r"\frac{25}{2}\%", R),
        ("20%", "20.0%", R), ("20%", "25%", W), ("0.2", "20 %", R), (r"$33\frac{1}{3}\%$", r"\frac{100}{3}\%", R), ("100%", "1", R), ("100", "1", W),
    ],
    "money": [
        ("18", "$18", R), (r"\$18", "18", R), ("$18.00", "18", R), ("18", "$18.00", R), ("18", "18 dollars", R), ("$18", "$81", W), ("$5", "5 cents", W),
        ("$5", "500 cents", R), (r"\$1{,}250", "1,250 dollars", R), ("-$5", "-5", R), ("€5", "5 euros", R), ("$0.50", "50 cents", R), ("50", "50¢", R), ("$2 million", "2000000", R),
        ("-1.8 billion", "-1,800,000,000", R), ("5", "$5 per day", R), ("18", "18 USD", R), ("€5", "$5", W),
    ],
    "units": [
        ("5", "5 hours", R), ("5 cm", "5", R), ("5 cm", "5 m", W), ("5 cm", "50 mm", R), ("5 cm", "5 centimeters", R), (r"5 \text{ cm}", "5 cm", R), ("2 hours", "120 minutes", R),
        ("3 hours and 20 minutes", "320", W), ("3 hours and 20 minutes", "3 hours 20 minutes", R), ("3 hours and 20 minutes", "200 minutes", R), ("26", "26 apples", R),
        ("9 (apples)", "9", R), (r"12\text{ cm}^2", "12", R), (r"12\text{ cm}^2", r"12 \text{ square centimeters}", R), (r"12\text{ cm}^2", r"12\text{ cm}", W),
        (r"12\text{ cm}^2", r"12\text{ cm}^3", W), ("68", "68 square inches", R), ("60 mph", "60 miles per hour", R), ("60 mph", "60 km/h", W), ("5", r"5 \mathrm{~m/s}", R), ("1 1/2 cups", "1.5", R),
        (r"2\sqrt{3} \text{ cm}", r"2\sqrt{3}", R), (r"2\sqrt{3}", r"2\sqrt{3}\text{ cm}", R), (r"2\sqrt{3} \text{ cm}", r"2\sqrt{3} \text{ m}", W),
        ("14 days", "2 weeks", R), ("5 kg", "5 g", W), ("18 months", "1.5 years", R), ("125 miles", r"125\textnormal{ miles}", R), ("6 feet", "72 inches", R), ("30", "30 minutes.", R), ("40", "40 mph", R),
    ],
    "degrees": [
        ("90", r"90^\circ", R), (r"90^\circ", "90 degrees", R), (r"90^{\circ}", "90°", R), (r"\frac{3\pi}{4}", r"135^\circ", R), (r"135^\circ", r"\frac{\pi}{4}", W), (r"45^\circ", "54", W),
        (r"\frac{\pi}{3}", "60", W), ("140", "140 degrees", R),
    ],
    "clock times": [
        ("4:30 p.m.", r"4:30 \text{ p.m.}", R), (r"\text{4:30 p.m.}", "4:30", R), ("4:30p..", r"4:30 \text{ p.m.}", R), ("4:30 p.m.", "4:30 a.m.", W), ("4:30 p.m.", "16:30", R), ("9:24", "9:42", W),
        ("9:24", "9:24 AM", R), ("4:51:06", "4:51:06", R), ("4:51:06", "4:51:07", W), ("12:15 PM", "12:15 a.m.", W),
    ],
    "variables": [
        ("2a+h", "2a", W), ("2a + h", "h+2a", R), ("14k", "14", W), ("2s", "2", W), ("6z", "6", W), ("10x", "10", W), ("46r", "46", W), ("5m", "5", W), ("2xy", "2", W), (r"\frac{m}{n}", r"\frac{n}{m}", W),
        ("3c+d", "3", W), ("3 c + d", "d+3c", R), ("n", "N", W), ("n", "n", R), ("xy", "yx", R), ("29i", "29", W), ("2y", "y+y", R), ("4a-2", "2(2a-1)", R), ("a", "b", W), ("2", "2t", W),
    ],
    "polynomials": [
        ("x^2+4x+1", "x^2 + 4x + 1", R), ("x^2+4x+1", "1+4x+x^{2}", R), ("(x+1)(x+2)", "x^2+3x+2", R), ("(x+1)(x+2)", "x^2+3x+1", W), ("x^2-1", "(x-1)(x+1)", R),
        (r"\frac{1}{b}", "b^{-1}", R), (r"\frac{x+5}{6}", "(x+5)/6", R), ("3x^2", "3*x**2", R), ("-4x^4+5x^2+14", "5x^2 - 4x^4 + 14", R), (r"\frac{2}{x}+4x^2", r"\frac{2+4x^3}{x}", R),
        ("(2x+3)(x-3)", "(x-3)(2x+3)", R), ("2^{n-1}", r"\frac{2^n}{2}", R), ("2^{n-1}", "2^{n}-1", W), ("x^{10}", "x^10", R), ("x+3", "x-3", W), (r"42x\sqrt{5x}", r"42\sqrt{5x^3}", R),
        (r"|x|", "x", W), (r"\sqrt{x^2}", "x", W),
    ],
    "radicals and constants": [
        (r"3\sqrt{10}", r"\sqrt{90}", R), (r"3\sqrt{10}", r"3\sqrt 10", W), (r"\sqrt2", r"\sqrt{2}", R), (r"\frac{3}{\sqrt{10}}", r"\frac{3\sqrt{10}}{10}", R), (r"\sqrt{2}", "1.414214", R),
        (r"\sqrt{2}", "1.41", W), (r"2\pi", "6.28", W), (r"2\pi", "2π", R), (r"2\pi", "2*pi", R), (r"\frac{80}{9}\pi", r"\frac{80\pi}{9}", R), (r"7-2\pi", r"-2\pi+7", R), (r"\pi", "3.14", W), (r"\sqrt{2}", "sqrt(2)", R),
        (r"16+16\sqrt{3}", r"16(1+\sqrt{3})", R), (r"\frac{1+\sqrt{5}}{2}", r"\frac{\sqrt{5}+1}{2}", R), (r"\sqrt[3]{4}", "4^{1/3}", R), ("2^{10}", "1024", R), (r"2\cdot 3^2", "18", R), (r"\pi", r"3.141593", R),
        (r"\log_2 8", "3", R), ("5!", "120", R), (r"\binom{5}{2}", "10", R), ("2^{4181}", "2^{4181}", R), (r"\sin 30^\circ", r"\frac{1}{2}", R), ("e^2", r"e^{2}", R), (r"12\sqrt3", r"\sqrt{432}", R),
        (r"1.5\times 10^3", "1500", R), (r"3 \times 10^{-2}", "0.03", R), (r"221\sqrt{3}-330", r"330-221\sqrt{3}", W),
    ],
    "complex numbers": [
        ("6+3i", "3i+6", R), ("6+3i", "6-3i", W), ("-i", "i", W), (r"\frac{1}{4}-\frac{3}{7}i", r"\frac{7-12i}{28}", R), ("i^2", "-1", R), (r"i\sqrt{2}", r"\sqrt{2}i", R), ("(1+i)^2", "2i", R),
    ],
    "equations": [
        ("5", "x=5", R), ("x=5", "5", R), ("x=5", "x = 5", R), ("x=5", "y=5", W), ("x=5", "x=6", W), ("18", "3*6 = 18", R), ("18", "x = 3*6 = 18", R), ("y=2x+1", "2x+1", R), ("y=2x+1", "y = 1+2x", R),
        ("x+2y-2z-9=0", "2z - x - 2y + 9 = 0", R), ("x^2+y^2=1", "1", W), ("1", "x+y=1", W), ("5", "x = 6", W), ("f(x)=x^2", "x^2", R), (r"AB=9, CD=4", "CD=4, AB=9", R), (r"\approx 8.24", "8.24", R), ("5", r"\angle A = 5^\circ", R),
        (r"0.56=56\%", "0.56", R), ("7", r"x \approx 7", R),
    ],
    "inequalities and intervals": [
        ("(-2,1)", "(-2, 1)", R), ("[1,2]", "(1,2)", W), ("(1,2]", "[1,2)", W), ("[1,2]", "[1, 2]", R), (r"(-\infty,5)", "(-inf, 5)", R), (r"(-\infty,5)", "x<5", R), ("x<5", r"(-\infty,5)", R), ("x<5", r"x\le5", W), (r"x\geq 5", r"x \ge 5", R), ("x>5", "5<x", R),
        (r"(-\infty,3)\cup(3,\infty)", r"(3,\infty)\cup(-\infty,3)", R), (r"(-\infty,3)\cup(3,\infty)", r"(-\infty,3]\cup(3,\infty)", W), (r"x\in[1,2]", "[1,2]", R), (r"[2,12)", "[2,12]", W), (r"[-\frac{1}{8},\frac{9}{8}]", r"\left[-\frac18,\frac98\right]", R),
        (r"(4,\infty)", r"[4,\infty)", W), (r"(1,2)\cup(2,3)", "(1,3)", W), (r"[0,\pi]", r"[0, \pi]", R), (r"(-\infty,\infty)", r"\mathbb{R}", R),
    ],
    "tuples": [
        ("(3,-1)", "(3, -1)", R), ("(3,-1)", "(-1,3)", W), (r"(\frac{1}{6},\frac{1}{6})", "(1/6, 1/6)", R), ("(1,2,3)", "(1,2)", W), (r"(2,\frac{11\pi}{8})", r"\left(2, \dfrac{11\pi}{8}\right)", R), ("(1,2)", r"\{1,2\}", W),
        ("(6,235)", "(6, 235)", R), ("(0.5,0.6)", r"(\frac12,\frac35)", R), ("(3,-1)", "x=3, y=-1", R), (r"(3+\sqrt{5},-1)", r"(\sqrt{5}+3,-1)", R), ("(1,2)", "[1,2]", W), ("(x,y)=(1,2)", "(1,2)", R), (r"\langle 1,2\rangle", "(1,2)", R),
    ],
    "sets and lists": [
        ("1,2", "2,1", R), (r"\{4,5,7\}", "7, 5, 4", R), (r"\{4,5,7\}", r"\{4,5\}", W), ("-12 or -30", "-30 and -12", R), (r"-12 \text{ or } -30", "-12, -30", R), (r"2+\sqrt{2},2-\sqrt{2}", r"2\pm\sqrt{2}", R), (r"\sqrt{2},-\sqrt{2}", r"\pm\sqrt{2}", R),
        ("0,-3", "0", W), ("1", "1,2", W), ("1,1,2", "1,2", W), ("3i,-3i", r"\pm 3i", R), ("$3$ and $4$", "4, 3", R), (r"x=1,x=2", "1,2", R), (r"-11,-1,1,11", r"1,-1,11,-11", R), ("A,B,E", "B, E, A", R), ("A,B", "A,C", W), (r"\{1\}", "1", R), ("2,3", "x=2 or x=3", R), (r"\frac{7}{4},7", "7, 1.75", R),
        ("(-4,27);(2,15)", "(2,15) and (-4,27)", R), (r"1+i,1-i", r"1\pm i", R), (r"\emptyset", r"\varnothing", R), ("[3, 5]", "3, 5", R),
    ],
    "matrices": [
        (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}", r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}", R), (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}", r"\begin{bmatrix}1&0\\0&1\end{bmatrix}", R), (r"\begin{pmatrix}1&0\\0&1\end{pmatrix}", r"\begin{pmatrix}1&0\\0&2\end{pmatrix}", W),
        (r"\begin{pmatrix}4/5\\3/5\end{pmatrix}", r"\begin{pmatrix}\frac45\\\frac35\end{pmatrix}", R), (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}", W), (r"\begin{pmatrix}2\sqrt2\\1\end{pmatrix}", r"\begin{pmatrix}\sqrt8\\1\end{pmatrix}", R),
    ],
    "words": [
        (r"\text{Friday}", "Friday", R), ("Friday", "friday.", R), (r"\text{Friday}", r"\text{Saturday}", W), ("yes", "Yes.", R), ("yes", "no", W), ("even", r"\text{even}", R), (r"\text{two lines}", "two lines", R), ("Friday", "5", W), ("5", "Friday", W), ("True", "true", R),
        (r"\text{neither}", "odd", W), (r"\text{October 30}", "October 30", R), ("not enough information", "Not enough information", R), ("the circle", "circle", R), ("10", "10+John's age", W),
    ],
    "choice letters": [
        (r"\text{(C)}", "C", R), ("C", "(C)", R), ("C", r"\textbf{(C)}", R), ("C", "(C) 45", R), ("C", "C) 45", R), ("C", "D", W), ("C", "(D) 45", W), (r"\text{A}", "A", R), ("{(B)}", "B", R), ("A", "C.", W), ("B", "b", W),
    ],
    "numerals in a base": [
        ("203_7", "203_7", R), ("203_7", "203_{7}", R), ("203_7", "203", R), ("203_7", "101", W), ("203_7", "203_8", W), ("861_{12}", "862_{12}", W), ("A5_{11}", r"A5_{11}", R), ("-37_8", "-37_8", R),
    ],
    "not readable": [
        ("", "5", U), ("5", "", U), (r"\frac{1}{", "5", U), ("5", r"\frac{1}{", U), (r"\foo{3", r"\foo{3", U), ("\x0crac{1}{2}", "0.5", U), ("5", "\ud800", U), ("5", "   ", U),
    ],
    "hostile": [
        ("5", "9**9**9**9", U), ("5", "9^{9^{9^9}}", U), ("5", "100000000!", U), ("5", "{" * 1_000_000, U), ("5", r"\frac{1}{" * 10_000 + "1" + "}" * 10_000, U), ("5", "\x00\x01\x02", U), ("5", "10^{1000000000}", U), ("5", "((" * 5000, U),
        ("5", r"\boxed{" * 100_000, U), ("5", "x" * 5000, U),
    ],
    "whole solutions": [
        ("26", "5*5=25\n25+1=26\nA: 26", R), ("26", "So 25+1.\nThe answer is: 26", R), ("18", "She has 3.\n#### 18", R), ("18", r"Thus $9\cdot 2=\boxed{18}$ dollars.", R), ("7", r"So \boxed{5}. Wait, that is off." "\nThe answer is: 7", R), ("5", r"So \boxed{5}. Wait, that is off." "\nThe answer is: 7", W),
        ("7", r"The answer is: 5. Let me check. No: the answer is \boxed{7}.", R), ("18", "The answer is: 18. So Janet makes $18 every day.", R), ("12", "The answer is: 12 cookies.\nLet me know if you need more.", R), ("18", "Janet makes 18 dollars every day.", R),
        ("4:30 p.m.", "The answer is: 4:30 p.m. They arrive on time.", R), (r"\frac{1}{2}", r"The answer is: $\frac{1}{2}$.", R), ("5", r"Hence the answer is $x = 5$.", R), ("3.5", "The answer is 3.5. That is it.", R), ("18", "The final answer is **18**", R), ("5", r"\boxed{5}" "\nThe answer is correct.", R), ("8", "Answer: 8", R), ("8", "**Answer:** 8", R),
        ("8", "Final Answer: The final answer is $8$. I hope it is correct.", R), ("2,3", r"The answer is: $2$ and $3$.", R), (r"(1,2)", r"The answer is: \((1, 2)\)", R), ("9\n#### 18", "18", R), (r"So we get $\boxed{\frac{2}{3}}$.", "2/3", R), ("C", "The answer is (C).", R), ("yes", "The answer is: yes, because 3 divides 9.", R),
        ("70000", "profit of 200,000-130,000=$70,000\nA: 70,000", R), ("18", "The answer is: $18", R), ("18", r"The answer is: \$18.", R), ("18", "The answer is: $18. She has $5 left.", R), ("25", "The answer is:\n\\[\n25\n\\]", R), ("1,234", "The answer is: 1,234", R), ("5", "I cannot say.", U), ("40", "The answer is: 40, so she wins.", R),
        (r"\frac{3}{4}", r"The answer is: \frac{3}{4}", R), (r"2a+h", "The answer is: 2a + h", R), ("15", "The answer is: 15%", R), ("6", "The answer is: 3 * 2 = 6", R), ("x^2+1", r"The answer is: x^2 + 1.", R),
    ],
}
