from .exact import EXACT
from .fast import FAST
RULES={k:[*FAST.get(k,[]),*EXACT.get(k,[])] for k in {**FAST,**EXACT}}
